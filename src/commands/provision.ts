import { findServer } from "../servers/find-server.ts";
import { provision } from "../servers/provision/provision.ts";
import { describeStep } from "../servers/provision/steps.ts";
import { readOwnBundle } from "../servers/remote.ts";
import { parseMachine, parseWishes } from "../serving/machine.ts";
import { defineCommand, flag, value } from "./command.ts";

export default defineCommand({
  words: ["<server>"],
  options: {
    listen: value("ADDRESSES", "where it answers visitors; on port 80 unless told, or set up otherwise"),
    listenTls: value("ADDRESSES", "where by https; on port 443 if an environment there says how"),
    firewall: flag("let in nothing but ssh and visitors (by ufw)"),
    as: value("ACCOUNT", "log in as this one; the account that greenroom.json names is made"),
  },
  changes: true,
  examples: [
    "greenroom provision web1 --dry-run",
    "greenroom provision web1",
    "greenroom provision web1 --as root --firewall",
  ],
  async run({ app, words: [name], options, dryRun }) {
    const { file } = app.project();
    const server = findServer(file, name!);
    const { listen = null, listenTls = null, firewall, as = null } = options;
    const wishes = { listen, listenTls, firewall, as };
    assertAddresses(wishes);
    const bundle = readOwnBundle(app.version);
    const steps = await provision(file, server, { bundle, wishes, dryRun, emit: app.emit });
    return {
      server: server.name,
      steps: steps.map((step) => ({ ...step, text: describeStep(step) })),
      dryRun,
    };
  },
  render({ server, steps, dryRun }) {
    if (steps.length === 0) return `${server} has all that it needs; nothing was changed`;
    if (dryRun) return [`${server} would`, ...steps.map(({ text }) => `  ${text}`)].join("\n");
    return `${server} is ready, after ${steps.length === 1 ? "one step" : `${steps.length} steps`}`;
  },
});

/** Said here, before anything is done there. */
function assertAddresses({ listen, listenTls }: Record<"listen" | "listenTls", string | null>): void {
  parseWishes(parseMachine({ router: "nginx" }), {
    ...(listen !== null && { listen: listen.split(",") }),
    ...(listenTls !== null && { listenTls: listenTls.split(",") }),
  });
}
