import { rmSync, statfsSync, writeFileSync } from "node:fs";
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
  /** How many of the runs ended because of it. */
  refused: number;
}

/** Runs the command on disks of its own, each with so many pages free. */
export async function fillAtEach(trial: Trial, pages: number[]): Promise<Filled> {
  const answers: Ran[] = [];
  const tally = await campaign(
    trial.scenario.name,
    pages,
    trial.dir,
    (free, place) => fillOnce(trial, free, place, answers),
    (free) => `${free} pages free`,
  );
  const refused = answers.filter(({ code }) => code !== 0).length;
  return { tally: { ...tally, name: `${tally.name} (${refused} times too full)` }, refused };
}

async function fillOnce(trial: Trial, pages: number, place: string, answers: Ran[]): Promise<Outcome> {
  const { scenario, programs, argv } = trial;
  const mounted = mountMemory(place, "3m");
  try {
    const root = join(place, "root");
    await copyRoot(scenario.where.root, root);
    const ballast = join(place, "ballast");
    const { bavail, bsize } = statfsSync(place);
    writeFileSync(ballast, Buffer.alloc((bavail - pages) * bsize));
    const ran = await run(argv, { ...scenario.where, root });
    answers.push(ran);
    const wrong = judgeFull(scenario, ran, root);
    rmSync(ballast);
    return { faults: wrong.length > 0 ? wrong : await judgeNext(scenario, programs, root) };
  } finally {
    mounted.unmount();
  }
}

function judgeFull(scenario: Scenario, ran: Ran, root: string): string[] {
  const wrong = judgeExit(scenario, ran, root);
  const said = ran.code === 0 || (ran.code === 20 && ran.output.includes("DISK_FULL"));
  return said ? wrong : [...wrong, `it says something else than DISK_FULL: ${ran.code}, ${ran.output}`];
}
