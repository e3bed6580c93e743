import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { greenroomArgv, settle, time } from "./cli.ts";
import { median, type Row, range, times } from "./table.ts";
import { changeFiles, makeTree, writeProject } from "./tree.ts";

const FILES = 50_000;
const CHANGED = 50;
const FIRST_ROUNDS = 5;
const ROUNDS = 7;
/** As many stagings as it takes until an old tree becomes the next one, where `keep` is 2. */
const WARM_UP = 5;

export function benchStage(dir: string): Row[] {
  if (spawnSync("rsync", ["--version"], { stdio: "ignore" }).status !== 0)
    throw new Error("install rsync to measure this");
  const small = { project: join(dir, "small"), root: join(dir, "small-root") };
  const large = { project: join(dir, "large"), root: join(dir, "large-root") };
  for (const [{ project }, files] of [
    [small, FILES],
    [large, 2 * FILES],
  ] as const) {
    writeProject(project);
    makeTree(project, files);
  }
  return [firstStage(dir, small), ...restage(dir, small, large)];
}

interface World {
  project: string;
  root: string;
}

// Fresh places each round, in turn, nothing deleted between: deleting slows down whoever writes next.
function firstStage(dir: string, world: World): Row {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < FIRST_ROUNDS; round++) {
    settle();
    theirs.push(time(["rsync", "-a", `${world.project}/`, join(dir, `rsync-${round}`)]));
    settle();
    ours.push(time(greenroomArgv({ ...world, root: join(dir, `root-${round}`) }, "stage")));
  }
  return {
    what: "first stage, 50,000 files, 390 MB",
    against: "rsync -a",
    wanted: "≤ 1.5 ×",
    measured: times(median(ours.map((ms, i) => ms / theirs[i]!))),
    behind: `${range(ours, "ms")}; ${range(theirs, "ms")}`,
  };
}

function restage(dir: string, small: World, large: World): Row[] {
  time(["rsync", "-a", `${small.project}/`, join(dir, "link-0")]);
  for (const world of [small, large]) time(greenroomArgv(world, "deploy"));
  const early: number[] = [];
  for (let round = 0; round < WARM_UP; round++) {
    early.push(stageChange(small, FILES, `warm ${round}`));
    stageChange(large, 2 * FILES, `warm ${round}`);
  }
  const [ours, theirs, twice]: number[][] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round++) {
    ours!.push(stageChange(small, FILES, `round ${round}`));
    settle();
    const previous = join(dir, `link-${round - 1}`);
    theirs!.push(
      time(["rsync", "-a", `--link-dest=${previous}`, `${small.project}/`, join(dir, `link-${round}`)]),
    );
    twice!.push(stageChange(large, 2 * FILES, `round ${round}`));
  }
  const faster = median(theirs!.map((ms, i) => ms / ours![i]!));
  return [
    {
      what: "restage, 50 files changed",
      against: "rsync -a --link-dest",
      wanted: "≥ 5 × faster",
      measured: `${times(faster)} faster`,
      behind: `${range(ours!, "ms")}; ${range(theirs!, "ms")}`,
    },
    {
      what: "the same before `keep` releases are on disk",
      against: "rsync -a --link-dest",
      wanted: "-",
      measured: `${times(median(theirs!) / median(early.slice(0, 2)))} faster`,
      behind: range(early.slice(0, 2), "ms"),
    },
    {
      what: "restage of a tree twice the size",
      against: "the tree",
      wanted: "≤ 2 ×",
      measured: times(median(twice!.map((ms, i) => ms / ours![i]!))),
      behind: range(twice!, "ms"),
    },
  ];
}

function stageChange(world: World, files: number, stamp: string): number {
  changeFiles(world.project, files, CHANGED, stamp);
  settle();
  return time(greenroomArgv(world, "stage"));
}
