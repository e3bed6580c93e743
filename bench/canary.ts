import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  askAgain,
  countCanary,
  deviation,
  moved,
  newVisitors,
  type Visitor,
} from "../test/e2e/load/visitors.ts";
import { greenroomArgv, time } from "./cli.ts";
import { setUp, startUp } from "./serve.ts";
import type { Row } from "./table.ts";
import { writeProject } from "./tree.ts";

const HOST = "canary.localhost";
const VISITORS = 20_000;

/** The share that nginx gives a canary, in newcomers, and whether it keeps those whom it has. */
export async function benchCanary(dir: string): Promise<Row[]> {
  const world = { project: join(dir, "canary"), root: join(dir, "canary-root") };
  writeProject(world.project, { project: "canary", environments: { production: { domain: HOST } } });
  const { port, stop } = await startUp(world.root, await setUp(world.root));
  try {
    for (const release of ["one", "two"]) {
      writeFileSync(join(world.project, "index.html"), release);
      time(greenroomArgv(world, "deploy"));
    }
    const asking = { port, host: HOST, canary: "two" };
    const rows: Row[] = [];
    let known: Visitor[] = [];
    for (const percent of [1, 5, 50]) {
      time(greenroomArgv(world, "canary", "production", String(percent)));
      const grown = await askAgain(asking, known);
      const left = moved(known, grown, "canary");
      const fresh = await newVisitors(asking, VISITORS);
      const again = await askAgain(asking, fresh);
      const changed = moved(fresh, again, "canary") + moved(fresh, again, "live");
      rows.push(rowOf(percent, countCanary(fresh), left, changed));
      known = [...grown, ...again];
    }
    return rows;
  } finally {
    await stop();
  }
}

function rowOf(percent: number, count: number, left: number, changed: number): Row {
  return {
    what: `nginx, canary of ${percent} %, ${VISITORS} visitors`,
    against: "chance",
    wanted: "within 3 σ, nobody moves",
    measured: `${deviation(count, VISITORS, percent / 100).toFixed(2)} σ, ${changed + left} moved`,
    behind: `${count} in the canary (${((100 * count) / VISITORS).toFixed(2)} %); ${left} left it as it grew`,
  };
}
