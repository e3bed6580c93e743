import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeMoment, judgeNext } from "./harness/aftermath.ts";
import { campaign, failuresOf, type Outcome, report, sample, type Tally } from "./harness/campaign.ts";
import { judgeExit } from "./harness/failing.ts";
import { type Bench, LONG, lacks, openBench } from "./harness/machine.ts";
import { look } from "./harness/oracle.ts";
import { buildPrograms, type Programs, run } from "./harness/program.ts";
import { copyRoot, everyScenario, prepare, type Scenario } from "./harness/scenarios.ts";

const lacking = lacks("flock");
const FEW = 2;

const MOMENTS = [
  "greenroom dies before its child works",
  "greenroom dies after it",
  "the child dies",
] as const;

interface Case {
  child: number;
  moment: (typeof MOMENTS)[number];
}

/** Stands in the place of a program that Greenroom calls: kills the caller or itself at one of its calls. */
const STAND_IN = `#!/bin/sh
n=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1))
echo $n > "$COUNT"
if [ $n = "$CHILD" ]; then
  case "$MOMENT" in
    "greenroom dies before its child works") kill -9 $PPID ;;
    "greenroom dies after it") REAL "$@"; kill -9 $PPID; exit 0 ;;
    "the child dies") kill -9 $$ ;;
  esac
fi
exec REAL "$@"
`;

describe.skipIf(lacking)(
  `flock and sync, which operations call (skipped if: ${lacking ?? "nothing"})`,
  () => {
    let bench: Bench;
    let programs: Programs;
    let tools: string;
    const tallies: Tally[] = [];

    beforeAll(async () => {
      bench = openBench();
      programs = await buildPrograms(bench.dir);
      tools = join(bench.dir, "tools");
      mkdirSync(tools);
      for (const [name, real] of Object.entries({ flock: "/usr/bin/flock", sync: "/bin/sync" })) {
        writeFileSync(join(tools, name), STAND_IN.replaceAll("REAL", real));
        chmodSync(join(tools, name), 0o755);
      }
    });
    afterAll(() => {
      bench.remove();
      console.log(report(tallies));
    });

    test.for(everyScenario(4))(
      "%s: whoever of them dies, the site is whole and the exit code true",
      {
        timeout: LONG ? 600_000 : 120_000,
      },
      async (name) => {
        const dir = join(bench.dir, name.replaceAll(" ", "-"));
        mkdirSync(dir);
        const scenario = await prepare(name, programs, dir);
        const children = await countChildren(scenario, dir);
        const cases = Array.from({ length: children }, (_, i) =>
          MOMENTS.map((moment) => ({ child: i + 1, moment })),
        ).flat();
        const tally = await campaign(
          `${name} (${children} children)`,
          sample(cases, FEW, ({ child, moment }) => `${child} ${moment}`),
          dir,
          (one, place) => attempt(scenario, one, place),
          ({ child, moment }) => `child ${child}: ${moment}`,
        );
        tallies.push(tally);
        expect(children).toBeGreaterThan(0);
        expect(failuresOf([tally])).toEqual([]);
        expect(tally.holes).toEqual([]);
      },
    );

    async function countChildren({ argv, where }: Scenario, dir: string): Promise<number> {
      await copyRoot(where.root, join(dir, "counted"));
      const env = surround(dir, { child: 0, moment: "the child dies" });
      await run([process.execPath, programs.cli, ...argv], { ...where, root: join(dir, "counted"), env });
      return Number(readFileSync(join(dir, "count"), "utf8"));
    }

    async function attempt(scenario: Scenario, one: Case, place: string): Promise<Outcome> {
      const root = join(place, "root");
      mkdirSync(place);
      await copyRoot(scenario.where.root, root);
      const where = { ...scenario.where, root, env: surround(place, one) };
      const ran = await run([process.execPath, programs.cli, ...scenario.argv], where);
      if (one.moment !== "the child dies" && ran.signal !== "SIGKILL") return { hole: "it was not killed" };
      const wrong =
        ran.signal === "SIGKILL" ? judgeMoment(scenario, look(root)) : judgeExit(scenario, ran, root);
      return { faults: wrong.length > 0 ? wrong : await judgeNext(scenario, programs, root) };
    }

    function surround(place: string, { child, moment }: Case): Record<string, string> {
      return {
        PATH: `${tools}:${process.env.PATH}`,
        COUNT: join(place, "count"),
        CHILD: String(child),
        MOMENT: moment,
      };
    }
  },
);
