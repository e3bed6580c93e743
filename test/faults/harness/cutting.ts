import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { judgeMoment, judgeNext, keepsPromise } from "./aftermath.ts";
import { campaign, type Outcome, type Tally } from "./campaign.ts";
import { createDice } from "./damage.ts";
import { SEED } from "./machine.ts";
import { sh } from "./mounts.ts";
import { look, samePicture } from "./oracle.ts";
import { type Disk, type FileSystem, openDisk } from "./power.ts";
import { type Ran, run } from "./program.ts";
import { copyRoot } from "./scenarios.ts";
import type { Trial } from "./trials.ts";

const ROUNDS = 40;

/** Whether the power is cut while the command runs, or right after it has answered. */
export type When = "at any moment" | "after the answer";

/** Cuts the power of a disk that the command works on, again and again. The tally's name says how it was then. */
export async function cutMany(trial: Trial, kind: FileSystem, when: When): Promise<Tally> {
  const dice = createDice(SEED);
  const lasts = await measure(trial, kind);
  const moments = Array.from({ length: ROUNDS }, (_, round) => ({
    flushed: round % 2 === 0,
    after: when === "at any moment" ? dice(lasts) : null,
  }));
  const stood: string[] = [];
  const tally = await campaign(
    trial.scenario.name,
    moments,
    join(trial.dir, "cuts"),
    (moment, place) => onDisk(kind, place, (disk) => cutOnce(trial, disk, moment, stood)),
    ({ flushed, after }) => `${after ?? "∞"} ms, the log ${flushed ? "flushed" : "lost"}`,
  );
  return { ...tally, name: `${tally.name} on ${kind} (${count(stood)})` };
}

interface Moment {
  /** The file system's log reaches the disk, files' contents don't. */
  flushed: boolean;
  /** In milliseconds; null waits for the answer. */
  after: number | null;
}

async function cutOnce(trial: Trial, disk: Disk, moment: Moment, stood: string[]): Promise<Outcome> {
  const root = await install(trial, disk);
  const running = run(trial.argv, { ...trial.scenario.where, root });
  const ended = await (moment.after === null ? running : Promise.race([running, pause(moment.after, null)]));
  disk.cut(moment.flushed);
  await running;
  disk.restart();
  return { faults: await judgeRestarted(trial, root, ended, stood) };
}

async function judgeRestarted(
  { scenario, programs }: Trial,
  root: string,
  ended: Ran | null,
  stood: string[],
): Promise<string[]> {
  const now = look(root);
  const saidDone = ended?.code === 0;
  const shown = samePicture(now, scenario.after) ? "new" : "old";
  stood.push(`${saidDone ? "after its answer" : "before its answer"}, ${shown}`);
  const wrong = judgeMoment(scenario, now);
  if (saidDone && !keepsPromise(now, scenario.after)) wrong.push('it said "done" and the restart lost it');
  return wrong.length > 0 ? wrong : judgeNext(scenario, programs, root);
}

/** How long the command takes on such a disk while another one is at work, in milliseconds. */
function measure(trial: Trial, kind: FileSystem): Promise<number> {
  return onDisk(kind, join(trial.dir, "measured"), async (disk) => {
    const root = await install(trial, disk);
    const begun = performance.now();
    await run(trial.argv, { ...trial.scenario.where, root });
    return Math.ceil((performance.now() - begun) * 1.3);
  });
}

async function onDisk<T>(kind: FileSystem, place: string, use: (disk: Disk) => Promise<T>): Promise<T> {
  const disk = openDisk(kind, place);
  try {
    return await use(disk);
  } finally {
    disk.close();
  }
}

async function install({ scenario }: Trial, { at }: Disk): Promise<string> {
  const root = join(at, "root");
  await copyRoot(scenario.where.root, root);
  sh("sync", "-f", at);
  return root;
}

function count(words: string[]): string {
  const counts = [...new Set(words)]
    .sort()
    .map((word) => `${words.filter((one) => one === word).length} ${word}`);
  return counts.join("; ");
}
