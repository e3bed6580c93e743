import type { Site } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { type Change, readOrNull } from "../changes.ts";
import type { Doors } from "../machine.ts";
import { readConfig } from "./config.ts";
import { nginxAt } from "./places.ts";
import { addressOf, readServers } from "./servers.ts";

/** Throws where the machine's nginx answers for a domain already, by what somebody else wrote. */
export function assertUnserved(site: Site, domain: string, { listen, listenTls }: Doors): void {
  // It was looked at when it came to be ours, and what others have broken since must stop no release.
  if (readOrNull(nginxAt.site(site))?.includes(`server_name ${domain};`)) return;
  const ours = [...listen, ...listenTls].map(addressOf);
  const names = [domain, `*.${domain}`];
  for (const [file, text] of readConfig().files) {
    if (file.startsWith(nginxAt.dir(site.root))) continue;
    for (const server of readServers(text)) {
      const name = server.names.find((one) => names.includes(one));
      const address = server.addresses.find((one) => ours.includes(one));
      if (name && address) throw taken(name, address, `take it out of ${file}, then give the command again`);
    }
  }
}

/** The same, of what nginx says when it has read all. It only warns: visitors get whichever it reads first. */
export function assertUncontested(changes: Change[], words: string): void {
  for (const [, name, address] of words.matchAll(/conflicting server name "([^"]+)" on (\S+), ignored/g)) {
    if (changes.some(({ content }) => content?.includes(`server_name ${name};`))) {
      throw taken(name!, address!, `find it with: nginx -T | grep -nE '^# conf|${name}'`);
    }
  }
}

function taken(name: string, address: string, hint: string): GreenroomError {
  return new GreenroomError("DOMAIN_TAKEN", `nginx already serves ${name} on ${address}, not by Greenroom`, {
    hint,
  });
}
