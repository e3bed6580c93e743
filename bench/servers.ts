import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHosts } from "../test/open-hosts.ts";
import { greenroomArgv, settle, time } from "./cli.ts";
import { type Row, range, times } from "./table.ts";
import { writeProject } from "./tree.ts";

const MANY = 20;
const ROUNDS = 5;

/**
 * An environment on twenty servers beside one on a single one of them, each reached by its own sshd. All of them are this
 * machine, so it does the work of twenty: what logging in and starting Node there costs by itself stands beside it.
 */
export async function benchServers(dir: string): Promise<Row[]> {
  const { servers: all, config, close } = await openHosts(MANY);
  const servers = Object.fromEntries(all.map(({ name, ssh, port, root }) => [name, { ssh, port, root }]));
  for (const { root } of all) giveNode(root);
  const env = { GREENROOM_SSH_CONFIG: config };
  const first = Object.fromEntries(Object.entries(servers).slice(0, 1));
  const one = makeProject(dir, "on-one", first);
  const many = makeProject(dir, "on-many", servers);
  try {
    for (const world of [one, many]) {
      for (const release of ["one", "two"]) {
        writeFileSync(join(world.project, "index.html"), release);
        time(greenroomArgv(world, "deploy"), env);
      }
    }
    settle();
    const bare = { all: nodeOn(servers, config), single: nodeOn(first, config) };
    return [
      compare(
        `ssh SERVER node -e 0, Node ${process.versions.node}`,
        "-",
        () => time(bare.all),
        () => time(bare.single),
      ),
      ...["status", "switch"].map((command) => {
        const run = (world: typeof one) => time(greenroomArgv(world, command), env);
        return compare(
          command,
          "≤ 4 ×",
          () => run(many),
          () => run(one),
        );
      }),
    ];
  } finally {
    await close();
  }
}

/** The best of some rounds: what others do on this machine at the same time only ever adds. */
function compare(what: string, wanted: string, all: () => number, single: () => number): Row {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(single());
    ours.push(all());
  }
  return {
    what: `${what}, ${MANY} servers on this machine`,
    against: "1 server",
    wanted,
    measured: times(Math.min(...ours) / Math.min(...theirs)),
    behind: `${range(ours, "ms")}; ${range(theirs, "ms")}`,
  };
}

/** Who logs in everywhere at the same time, and starts Node. */
function nodeOn(servers: Record<string, { ssh: string; port: number | null }>, config: string): string[] {
  const lines = Object.values(servers).map(
    ({ ssh, port }) => `ssh -F ${config} -p ${port} ${ssh} ${process.execPath} -e 0 &`,
  );
  return ["sh", "-c", `${lines.join("\n")}\nwait`];
}

/** The one that runs this, where `greenroom provision` puts its own. */
function giveNode(root: string): void {
  mkdirSync(join(root, "bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "bin", "node"));
}

function makeProject(dir: string, name: string, servers: object) {
  const world = { project: join(dir, name), root: join(dir, `${name}-root`) };
  const production = { domain: `${name}.localhost`, servers: Object.keys(servers) };
  writeProject(world.project, { project: name, servers, environments: { production } });
  return world;
}
