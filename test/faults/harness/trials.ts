import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { failuresOf, report, runsOf, type Tally, tolerable, undisturbed } from "./campaign.ts";
import { type Bench, openBench } from "./machine.ts";
import { look } from "./oracle.ts";
import { buildPrograms, type Programs } from "./program.ts";
import { prepare, type Scenario, settle } from "./scenarios.ts";
import { mainThread, type Tracer } from "./tracers.ts";

/** A command that is about to be disturbed. */
export interface Trial {
  scenario: Scenario;
  programs: Programs;
  /** Greenroom's own command line, or a wrong program in its place. */
  argv: string[];
  /** Sees the thread that is disturbed. */
  tracer: Tracer;
  dir: string;
}

interface PrepareOptions {
  /** A file's name in wrong/: the program in the place of the scenario's command. */
  wrong?: string;
  folder?: string;
}

export interface Trials {
  /** Makes the scenario in a folder of its own. */
  prepare(name: string, options?: PrepareOptions): Promise<Trial>;
  /** Nothing was wrong after any of the runs, and hardly any of them went undisturbed. */
  expectSound(tallies: Tally[]): void;
}

/** Makes the programs before a file's tests, and afterwards takes everything away and tells what was covered. */
export function setUpTrials(): Trials {
  let bench: Bench;
  let programs: Programs;
  const told: Tally[] = [];

  beforeAll(async () => {
    bench = openBench();
    programs = await buildPrograms(bench.dir);
  });
  afterAll(() => {
    bench.remove();
    if (told.length > 0) console.log(report(told));
  });

  return {
    async prepare(name, { wrong, folder = wrong ? `${name} ${wrong}` : name } = {}) {
      const dir = join(bench.dir, folder.replaceAll(" ", "-"));
      mkdirSync(dir);
      const scenario = await prepare(name, programs, dir);
      const trial = {
        scenario,
        programs,
        tracer: mainThread,
        dir,
        argv: commandLine(programs, scenario.argv),
      };
      return wrong ? { ...trial, scenario: settling(scenario), argv: wrongProgram(wrong) } : trial;
    },
    expectSound(tallies) {
      told.push(...tallies);
      expect(failuresOf(tallies)).toEqual([]);
      expect(undisturbed(tallies)).toBeLessThanOrEqual(tolerable(runsOf(tallies)));
      expect(runsOf(tallies)).toBeGreaterThan(0);
    },
  };
}

export function commandLine({ cli }: Programs, argv: string[]): string[] {
  return [process.execPath, cli, ...argv];
}

export function wrongProgram(name: string): string[] {
  return [process.execPath, resolve("test/faults/wrong", `${name}.mjs`)];
}

/** A control's own doings must show: the same again might switch back, and cover them up. */
function settling(scenario: Scenario): Scenario {
  const again = (root: string) => (look(root).live === scenario.after.live ? settle : scenario.argv);
  return { ...scenario, again };
}
