import { removeTree } from "../../../src/disk/remove.ts";
import { LONG, SEED } from "./machine.ts";

const PARALLEL = 2;

/** What many runs came to. */
export interface Tally {
  name: string;
  runs: number;
  /** Runs that weren't disturbed where they should have been: nothing is known of these points. */
  holes: string[];
  /** Runs after which something was wrong. */
  failures: string[];
  /** Runs in which the harness itself failed: they say nothing of Greenroom, and least of all that a fault was caught. */
  broken: string[];
}

export type Outcome = { hole: string } | { faults: string[] };

/** Runs all of the cases, a few at a time, each in a place of its own that is gone afterwards. */
export async function campaign<C>(
  name: string,
  cases: C[],
  dir: string,
  attempt: (one: C, place: string) => Promise<Outcome>,
  describe: (one: C) => string,
): Promise<Tally> {
  const tally: Tally = { name, runs: 0, holes: [], failures: [], broken: [] };
  const queue = cases.map((one, i) => ({ one, place: `${dir}/run-${i}` }));
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const outcome = await attempt(next.one, next.place).catch((error: Error) => ({
        broken: error.stack ?? "",
      }));
      removeTree(next.place);
      tally.runs += 1;
      if ("broken" in outcome) tally.broken.push(`${describe(next.one)}: ${outcome.broken}`);
      else if ("hole" in outcome) tally.holes.push(`${describe(next.one)}: ${outcome.hole}`);
      else if (outcome.faults.length > 0)
        tally.failures.push(`${describe(next.one)}\n    ${outcome.faults.join("\n    ")}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return tally;
}

/** One tally of several, its entries under their names. */
export function merge(name: string, tallies: Tally[]): Tally {
  const all = (kind: "holes" | "failures" | "broken") =>
    tallies.flatMap((tally) => tally[kind].map((text) => `${tally.name}: ${text}`));
  const runs = runsOf(tallies);
  return { name, runs, holes: all("holes"), failures: all("failures"), broken: all("broken") };
}

/** All of them in the long run, unless `always`; else a few of the kinds, spread evenly from a place that the seed decides. */
export function sample<T>(all: T[], few: number, kindOf: (one: T) => string, always = !LONG): T[] {
  if (!always) return all;
  const kinds = groupBy(all, kindOf);
  const step = Math.max(1, kinds.length / few);
  const chosen: T[] = [];
  for (let i = ((SEED % 100) / 100) * step; i < kinds.length; i += step) {
    const kind = kinds[Math.floor(i)]!;
    chosen.push(kind[SEED % kind.length]!);
  }
  return chosen;
}

/** So many of each kind, spread evenly, and the last not too near to the end. */
export function someOfEach<T>(all: T[], few: number, kindOf: (one: T) => string): T[] {
  return groupBy(all, kindOf).flatMap((kind) => {
    const places = Array.from({ length: few }, (_, i) => Math.floor((i * kind.length) / (few + 1)));
    return [...new Set(places)].map((i) => kind[i]!);
  });
}

function groupBy<T>(all: T[], kindOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(kindOf(one), [...(groups.get(kindOf(one)) ?? []), one]);
  return [...groups.values()];
}

/** For the log of the tests: what was covered, and what wasn't. */
export function report(tallies: Tally[]): string {
  const lines = tallies.map(({ name, runs, holes, failures, broken }) => {
    return `${name}: ${runs} runs, ${failures.length} failures, ${holes.length} holes, ${broken.length} broken`;
  });
  return [
    `seed ${SEED}, ${runsOf(tallies)} runs`,
    ...lines,
    ...tallies.flatMap(({ holes }) => holes.map((hole) => `hole: ${hole}`)),
  ].join("\n");
}

/** All that went wrong, in Greenroom or in the harness. */
export function failuresOf(tallies: Tally[]): string[] {
  return tallies.flatMap(({ name, failures, broken }) =>
    [...failures, ...broken].map((text) => `${name}: ${text}`),
  );
}

/** A negative control counts only where the fault that it makes is the one that was found, in a harness that worked. */
export function assertCaught({ name, failures, broken, runs }: Tally, fault: RegExp): void {
  if (broken.length > 0) throw new Error(`${name}: the harness failed: ${broken[0]}`);
  if (failures.some((failure) => fault.test(failure))) return;
  throw new Error(`${name}: ${runs} runs, and none shows ${fault}; but: ${failures[0] ?? "nothing"}`);
}

export function undisturbed(tallies: Tally[]): number {
  return tallies.reduce((sum, { holes }) => sum + holes.length, 0);
}

export function runsOf(tallies: Tally[]): number {
  return tallies.reduce((sum, { runs }) => sum + runs, 0);
}

/** How many points may stay unproven; the log has their names. */
export function tolerable(runs: number): number {
  return Math.floor(runs * 0.02);
}
