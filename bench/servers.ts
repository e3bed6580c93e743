import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { greenroomArgv, settle, time } from "./cli.ts";
import { startServers } from "./sshd.ts";
import { type Row, range, times } from "./table.ts";
import { writeProject } from "./tree.ts";

const MANY = 20;
const ROUNDS = 5;

/** An environment on twenty servers beside one on a single one of them, each reached by its own sshd. */
export async function benchServers(dir: string): Promise<Row[]> {
  const { servers, config, stop } = await startServers(join(dir, "servers"), MANY);
  const env = { GREENROOM_SSH_CONFIG: config };
  const [first] = Object.entries(servers);
  const one = makeProject(dir, "on-one", Object.fromEntries([first!]));
  const many = makeProject(dir, "on-many", servers);
  try {
    for (const world of [one, many]) {
      for (const release of ["one", "two"]) {
        writeFileSync(join(world.project, "index.html"), release);
        time(greenroomArgv(world, "deploy"), env);
      }
    }
    settle();
    return ["status", "switch"].map((command) => {
      const [ours, theirs] = [many, one].map((world) =>
        Array.from({ length: ROUNDS }, () => time(greenroomArgv(world, command), env)),
      ) as [number[], number[]];
      return {
        what: `${command}, ${MANY} servers on this machine`,
        against: "1 server",
        wanted: "≤ 4 ×",
        measured: times(Math.min(...ours) / Math.min(...theirs)),
        behind: `${range(ours, "ms")}; ${range(theirs, "ms")}`,
      };
    });
  } finally {
    await stop();
  }
}

function makeProject(dir: string, name: string, servers: object) {
  const world = { project: join(dir, name), root: join(dir, `${name}-root`) };
  const production = { domain: `${name}.localhost`, servers: Object.keys(servers) };
  writeProject(world.project, { project: name, servers, environments: { production } });
  return world;
}
