import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP, type ProcessSeen, processLoad } from "../test/e2e/load/process.ts";
import { greenroomArgv, runQuietly, time } from "./cli.ts";
import { setUp, startUp } from "./serve.ts";
import type { Row } from "./table.ts";
import { writeProject } from "./tree.ts";

const HOST = "process.localhost";
const SWITCHES = 200;
const LONGEST = 10_000;

/** Whole switches of an app that is asked in every way, and whose sides stay up: the old one's requests go on there. */
export async function benchProcessLoad(dir: string): Promise<Row[]> {
  const world = { project: join(dir, "process"), root: join(dir, "process-root") };
  const serve = { kind: "process", start: { web: "node app.cjs" } };
  const environments = { production: { domain: HOST } };
  writeProject(world.project, { project: "process", serve, environments });
  const { port, stop } = await startUp(world.root, await setUp(world.root));
  try {
    for (const release of ["one", "two"]) {
      writeFileSync(join(world.project, "app.cjs"), `${APP}// ${release}`);
      time(greenroomArgv(world, "deploy", "--version", release));
    }
    const seen = await processLoad({ port, host: HOST }, LONGEST, async () => {
      for (let i = 0; i < SWITCHES; i++) await runQuietly(greenroomArgv(world, "switch"));
    });
    return [rowOf(seen)];
  } finally {
    await stop();
  }
}

function rowOf({ answered, failed, mixed, changed, open }: ProcessSeen): Row {
  const total = Object.values(failed).reduce((sum, one) => sum + one, 0);
  return {
    what: `nginx, ${SWITCHES} switches of a process`,
    against: "-",
    wanted: "0 failed",
    measured: `${total} failed, ${mixed} mixed, ${open} of 16 WebSockets open, ${changed} changed sides`,
    behind: `${answered.GET} GET, ${answered.POST} POST, ${answered.slow} of 0 to 10 s, ${answered.echo} echoes`,
  };
}
