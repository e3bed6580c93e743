import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeNext } from "./aftermath.ts";
import { campaign, type Outcome, type Tally } from "./campaign.ts";
import { judgeExit } from "./failing.ts";
import { mountMemory } from "./mounts.ts";
import { type Ran, run } from "./program.ts";
import { copyRoot, type Scenario } from "./scenarios.ts";
import type { Trial } from "./trials.ts";

export interface Filled {
  tally: Tally;
  /** How many of the runs ended because of it, or let go what is kept for that. */
  felt: number;
}

/** What a disk has left: room for contents, or for names. */
export interface Left {
  of: "pages" | "inodes";
  count: number;
}

export function left(of: Left["of"], counts: number[]): Left[] {
  return counts.map((count) => ({ of, count }));
}

/** Runs the command on full disks of its own. */
export async function fillAtEach(trial: Trial, disks: Left[]): Promise<Filled> {
  const answers: Answer[] = [];
  const tally = await campaign(
    trial.scenario.name,
    disks,
    trial.dir,
    (disk, place) => fillOnce(trial, disk, place, answers),
    ({ of, count }) => `${count} ${of} left`,
  );
  const refused = answers.filter(({ ran }) => ran.code !== 0).length;
  const eased = answers.filter(({ ran, letGo }) => ran.code === 0 && letGo).length;
  const name = `${tally.name} (${refused} times too full, ${eased} times not, by what is kept for it)`;
  return { tally: { ...tally, name }, felt: refused + eased };
}

interface Answer {
  ran: Ran;
  letGo: boolean;
}

async function fillOnce(trial: Trial, disk: Left, place: string, answers: Answer[]): Promise<Outcome> {
  const { scenario, programs, argv } = trial;
  const mounted = mountMemory(place, "3m", 3000);
  try {
    const root = join(place, "root");
    await copyRoot(scenario.where.root, root);
    const ballast = fillUp(place, disk);
    const kept = hasReserve(root);
    const ran = await run(argv, { ...scenario.where, root });
    answers.push({ ran, letGo: kept && !hasReserve(root) });
    const wrong = judgeFull(scenario, ran, root);
    rmSync(ballast, { recursive: true });
    return { faults: wrong.length > 0 ? wrong : await judgeNext(scenario, programs, root) };
  } finally {
    mounted.unmount();
  }
}

function hasReserve(root: string): boolean {
  return readdirSync(root, { recursive: true }).some((name) => String(name).endsWith("/run/reserve"));
}

function fillUp(place: string, { of, count }: Left): string {
  const ballast = join(place, "ballast");
  mkdirSync(ballast);
  const { bavail, bsize, ffree } = statfsSync(place);
  if (of === "pages") writeFileSync(join(ballast, "much"), Buffer.alloc((bavail - count) * bsize));
  else for (let i = count; i < ffree; i++) writeFileSync(join(ballast, String(i)), "");
  return ballast;
}

function judgeFull(scenario: Scenario, ran: Ran, root: string): string[] {
  const wrong = judgeExit(scenario, ran, root);
  const said = ran.code === 0 || (ran.code === 20 && ran.output.includes("DISK_FULL"));
  return said ? wrong : [...wrong, `it says something else than DISK_FULL: ${ran.code}, ${ran.output}`];
}
