import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LONG, SEED } from "./machine.ts";
import { lastInJournal, look, type Picture, samePicture } from "./oracle.ts";
import { type Programs, run, runSequence, type Surroundings } from "./program.ts";
import { MANY, type Settings, writeProject } from "./project.ts";

/** One command line in a root that has a past, and what it promises. */
export interface Scenario {
  name: string;
  argv: string[];
  /** The root as it is before. Only copies of it are acted on. */
  where: Surroundings;
  before: Picture;
  after: Picture;
  /** What to type in a root in which a run of it was cut short. */
  again(root: string): string[];
}

interface Plan {
  name: string;
  past: Act[];
  /** The project when the command is typed. */
  now?: [n: number, settings: Settings];
  argv: string[];
  /** Typed instead of the same again: once what people see has moved, or only once the journal says so, too. */
  settled?: "once moved" | "once ended";
}

type Act = [n: number, settings: Settings, ...commands: string[][]];

const KEEP: Settings = { keep: 2 };
const ENV = "production";
const stage = (n: number) => ["stage", ENV, "--version", `r${n}`];
const check = ["check", ENV];
const flip = ["switch", ENV];
/** Changes nothing, but ends what was cut short. */
export const settle = ["canary", ENV, "0"];

const first: Act = [1, KEEP, ["deploy", ENV, "--version", "r1"]];
const next = (n: number, settings = KEEP): Act => [n, settings, stage(n), check, flip];
const rehearsed = (n: number): Act => [n, KEEP, stage(n), check];
const THREE = [first, next(2), next(3)];
const FOUR = [...THREE, next(4)];
const KEEP_ALL: Settings = { keep: 6 };

const PLANS: Plan[] = [
  { name: "first stage", past: [], now: [1, KEEP], argv: stage(1) },
  { name: "first deploy", past: [], now: [1, KEEP], argv: ["deploy", ENV, "--version", "r1"] },
  { name: "stage", past: THREE, now: [4, KEEP], argv: stage(4) },
  {
    name: "stage with other settings",
    past: THREE,
    now: [4, { keep: 2, domain: "new.localhost", storage: ["uploads", "data"] }],
    argv: stage(4),
  },
  { name: "check", past: [...THREE, [4, KEEP, stage(4)]], argv: check },
  { name: "switch", past: [...THREE, rehearsed(4)], argv: flip, settled: "once ended" },
  { name: "rollback", past: FOUR, argv: ["rollback", ENV], settled: "once moved" },
  {
    name: "rollback from the store",
    past: FOUR,
    argv: ["rollback", ENV, "--to", "r1"],
    settled: "once moved",
  },
  { name: "canary", past: [...THREE, rehearsed(4)], argv: ["canary", ENV, "5"] },
  {
    name: "end of a canary",
    past: [...THREE, [4, KEEP, stage(4), check, ["canary", ENV, "5"]]],
    argv: settle,
  },
  {
    name: "deploy and switch",
    past: THREE,
    now: [4, KEEP],
    argv: ["deploy", ENV, "--version", "r4", "--switch"],
  },
  {
    name: "prune",
    past: [[1, KEEP_ALL, ["deploy", ENV, "--version", "r1"]], ...[2, 3, 4, 5].map((n) => next(n, KEEP_ALL))],
    now: [5, KEEP],
    argv: ["prune", ENV],
  },
];

export const SCENARIOS = PLANS.map(({ name }) => name);

/** Beside them: a stage that two threads work on, with too many calls to disturb each of them. */
const SHARED: Plan = { name: "stage of many files", past: [first], now: [MANY, KEEP], argv: stage(MANY) };
export const SHARED_SCENARIO = SHARED.name;

/** All of them in the long run, else every n-th, from one that the seed decides. */
export function everyScenario(nth: number): string[] {
  return LONG ? SCENARIOS : SCENARIOS.filter((_, i) => i % nth === SEED % nth);
}

/** Makes a scenario's root with the real commands, and runs its command once, undisturbed, to see what it does. */
export async function prepare(name: string, programs: Programs, dir: string): Promise<Scenario> {
  const plan = [...PLANS, SHARED].find((one) => one.name === name)!;
  const where = { root: join(dir, "before"), project: join(dir, "project") };
  mkdirSync(where.root, { recursive: true });
  for (const [n, settings, ...commands] of plan.past) {
    writeProject(where.project, n, settings);
    await assertRuns(programs, commands, where);
    if (n === 1) visit(where.root);
  }
  if (plan.now) writeProject(where.project, ...plan.now);
  const undisturbed = { ...where, root: join(dir, "after") };
  await copyRoot(where.root, undisturbed.root);
  await assertRuns(programs, [plan.argv], undisturbed);
  const [before, after] = [look(where.root), look(undisturbed.root)];
  if (before.faults.length + after.faults.length > 0)
    throw new Error([...before.faults, ...after.faults].join("\n"));
  const again = (root: string) => (isSettled(plan, after, root) ? settle : plan.argv);
  return { name, argv: plan.argv, where, before, after, again };
}

function isSettled({ settled }: Plan, after: Picture, root: string): boolean {
  if (!settled || !samePicture(look(root), after)) return false;
  return settled === "once moved" || lastInJournal(root) === after.live;
}

export async function copyRoot(from: string, to: string): Promise<void> {
  const { code, output } = await run(["cp", "-a", from, to], { root: from, project: "/" });
  if (code !== 0) throw new Error(output);
}

async function assertRuns(programs: Programs, commands: string[][], where: Surroundings): Promise<void> {
  const { answers, output } = await runSequence(programs, commands, where);
  const good = answers.length === commands.length && answers.every(({ exit }) => exit === 0);
  if (!good) throw new Error(`the world could not be made:\n${output}`);
}

function visit(root: string): void {
  writeFileSync(join(root, "sites", "shop", ENV, "storage", "uploads", "visitor.txt"), "from a visitor\n");
}
