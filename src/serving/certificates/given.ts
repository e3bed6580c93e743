import { statSync } from "node:fs";
import type { Router } from "../../environment/parts.ts";
import type { Site } from "../../environment/site.ts";
import { filesOf, type Owner, readGiven } from "../../environment/tls/given-certificates.ts";
import { install, ROLES, type Role, readInstalled } from "../../environment/tls/tls.ts";
import { GreenroomError } from "../../errors.ts";

/**
 * Takes up what somebody else renewed in the files that were given. Answers, in words, why those can't be used: then
 * visitors go on getting what they got.
 */
export async function followGiven(site: Site, identity: Owner, router: Router): Promise<string | null> {
  const troubles: string[] = [];
  for (const role of ROLES) {
    try {
      await follow(site, identity, role, router);
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      troubles.push(error.message);
    }
  }
  return troubles.length > 0 ? troubles.join("; ") : null;
}

async function follow(site: Site, owner: Owner, role: Role, router: Router): Promise<void> {
  const files = owner.tls && filesOf(owner.tls, role);
  if (!files) {
    // By the time that there are some again, visitors may have got another.
    seen.delete(`${site.dir} ${role}`);
    return;
  }
  const look = [site.dir, ...[files.certificate, files.key].map(lookOf)].join(" ");
  if (seen.get(`${site.dir} ${role}`) === look) return;
  const given = readGiven(owner, role, new Date());
  if (given && given.fingerprint !== readInstalled(site, role)?.fingerprint) {
    install(site, role, given, (await router.tls())?.group ?? null);
  }
  seen.set(`${site.dir} ${role}`, look);
}

/** How files looked that were taken up, so that they are read again only when they change. */
const seen = new Map<string, string>();

function lookOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}` : "";
}
