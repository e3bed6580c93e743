import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { greenroomArgv, settle, time } from "./cli.ts";
import { median, type Row, range, times } from "./table.ts";
import { writeProject } from "./tree.ts";

const ROUNDS = 21;

export function benchCommands(dir: string): Row[] {
  const world = { project: join(dir, "commands"), root: join(dir, "commands-root") };
  writeProject(world.project);
  for (const release of ["one", "two"]) {
    writeFileSync(join(world.project, "index.html"), release);
    time(greenroomArgv(world, "deploy"));
  }
  settle();
  return [
    compare("greenroom switch, static site", "≤ 6 ×", greenroomArgv(world, "switch")),
    compare("greenroom --version", "≤ 2 ×", [...greenroomArgv(world).slice(0, 2), "--version"]),
  ];
}

function compare(what: string, wanted: string, argv: string[]): Row {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(time([process.execPath, "-e", "0"]));
    ours.push(time(argv));
  }
  return {
    what,
    against: "node -e 0",
    wanted,
    measured: times(median(ours.map((ms, i) => ms / theirs[i]!))),
    behind: `${range(ours, "ms")}; ${range(theirs, "ms")}`,
  };
}
