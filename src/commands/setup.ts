import { GreenroomError } from "../errors.ts";
import type { Change } from "../serving/changes.ts";
import { type Machine, readMachine } from "../serving/machine.ts";
import { planSetup, setUp } from "../serving/setup.ts";
import { defineCommand, flag, value } from "./command.ts";

export default defineCommand({
  words: [],
  options: {
    router: value("NAME", "who answers visitors: embedded or nginx"),
    supervisor: value("NAME", "who keeps processes running: embedded or supervisord"),
    listen: value("ADDRESSES", "where, for instance 127.0.0.1:8080; several with commas between"),
    listenTls: value("ADDRESSES", "where by https, for instance 127.0.0.1:8443"),
    acmeDirectory: value("URL", "who certifies domains; Let's Encrypt unless told. You agree to its terms"),
    acmeEmail: value("ADDRESS", "whom it may write to"),
    acmeDns: value(
      "PROGRAM",
      "who sets and clears DNS records, by its whole path: for wildcards of previews",
    ),
    acmeDnsWait: value("SECONDS", "how long until name servers everywhere know of a record; 60 unless told"),
    accounts: value(
      "WHOSE",
      "each environment's programs get an account of their own, or they are shared: own or shared",
    ),
    unprivileged: flag("with an nginx and a supervisord of its own that `greenroom up` starts, as you"),
    yes: flag("don't ask"),
    remove: flag("undo it: this machine serves the root no more"),
  },
  changes: true,
  examples: [
    "greenroom setup --dry-run --router nginx",
    "greenroom setup --yes --router nginx --listen 127.0.0.1:8080 --unprivileged",
    "greenroom setup --yes --listen-tls 0.0.0.0:443 --acme-email me@example.com",
    "greenroom setup --yes --supervisor supervisord --unprivileged",
    "greenroom setup --remove",
  ],
  async run({ app, options, dryRun, json }) {
    const setup = await planSetup(app.root, options.remove ? null : wishesOf(options, readMachine(app.root)));
    if (dryRun || setup.changes.length === 0) return { ...setup, written: false };
    if (!options.yes) await assertWanted(setup.changes, json);
    await setUp(app.root, setup);
    return { ...setup, written: true };
  },
  render({ machine, changes, written }) {
    if (changes.length === 0) return "nothing to change";
    return changes.map(describe).join("\n") + (written && machine ? "\nnext: greenroom up" : "");
  },
});

interface Wishes {
  router: string | undefined;
  supervisor: string | undefined;
  listen: string | undefined;
  listenTls: string | undefined;
  acmeDirectory: string | undefined;
  acmeEmail: string | undefined;
  acmeDns: string | undefined;
  acmeDnsWait: string | undefined;
  accounts: string | undefined;
  unprivileged: boolean;
}

function wishesOf(wishes: Wishes, { acme }: Machine): Partial<Machine> {
  const { router, supervisor, listen, listenTls, accounts, unprivileged } = wishes;
  return {
    ...(router !== undefined && { router: router as Machine["router"] }),
    ...(supervisor !== undefined && { supervisor: supervisor as Machine["supervisor"] }),
    ...(listen !== undefined && { listen: listen.split(",") }),
    ...(listenTls !== undefined && { listenTls: listenTls === "" ? [] : listenTls.split(",") }),
    acme: acmeOf(wishes, acme),
    ...(accounts !== undefined && { accounts: accounts as Machine["accounts"] }),
    ...(unprivileged && { unprivileged }),
  };
}

function acmeOf(
  { acmeDirectory, acmeEmail, acmeDns, acmeDnsWait }: Wishes,
  acme: Machine["acme"],
): Machine["acme"] {
  return {
    directory: acmeDirectory ?? acme.directory,
    email: acmeEmail ?? acme.email,
    dns: acmeDns === "" ? null : (acmeDns ?? acme.dns),
    dnsWait: acmeDnsWait === undefined ? acme.dnsWait : Number(acmeDnsWait || "none"),
  };
}

async function assertWanted(changes: Change[], json: boolean): Promise<void> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) {
    throw new GreenroomError("USAGE", "nobody is there to be asked", {
      hint: "look with greenroom setup --dry-run, then say --yes",
    });
  }
  const { confirm } = await import("@clack/prompts");
  const wanted = await confirm({ message: `${changes.map(describe).join("\n")}\nIs that right?` });
  if (wanted !== true) throw new GreenroomError("USAGE", "nothing was written");
}

function describe({ path, content }: Change): string {
  if (content === null) return `remove ${path}`;
  return `write ${path}\n${content.replace(/^(?=.)/gm, "    ")}`;
}
