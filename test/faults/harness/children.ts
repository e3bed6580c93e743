import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeMoment, judgeNext } from "./aftermath.ts";
import type { Outcome } from "./campaign.ts";
import { judgeExit } from "./failing.ts";
import { look } from "./oracle.ts";
import { run } from "./program.ts";
import { copyRoot } from "./scenarios.ts";
import type { Trial } from "./trials.ts";

/** The programs that operations call. */
const CHILDREN = { flock: "/usr/bin/flock", sync: "/bin/sync" };

export const MOMENTS = [
  "greenroom dies before its child works",
  "greenroom dies after it",
  "the child dies",
] as const;

/** A death around the n-th child that a command calls. */
export interface Death {
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

/** Every death that the command can meet. */
export async function deathsOf(trial: Trial): Promise<Death[]> {
  const tools = join(trial.dir, "tools");
  mkdirSync(tools);
  for (const [name, real] of Object.entries(CHILDREN)) {
    writeFileSync(join(tools, name), STAND_IN.replaceAll("REAL", real));
    chmodSync(join(tools, name), 0o755);
  }
  const children = await countChildren(trial);
  return Array.from({ length: children }, (_, i) =>
    MOMENTS.map((moment) => ({ child: i + 1, moment })),
  ).flat();
}

async function countChildren(trial: Trial): Promise<number> {
  const place = join(trial.dir, "counted");
  await runWith(trial, { child: 0, moment: "the child dies" }, place);
  return Number(readFileSync(join(place, "count"), "utf8"));
}

/** Lets one of them die, and judges what that leaves and what comes next. */
export async function dieOnce(trial: Trial, death: Death, place: string): Promise<Outcome> {
  const { scenario, programs } = trial;
  const { ran, root } = await runWith(trial, death, place);
  if (death.moment !== "the child dies" && ran.signal !== "SIGKILL") return { hole: "it was not killed" };
  const wrong = ran.signal === "SIGKILL" ? judgeMoment(scenario, look(root)) : judgeExit(scenario, ran, root);
  return { faults: wrong.length > 0 ? wrong : await judgeNext(scenario, programs, root) };
}

async function runWith({ scenario, argv, dir }: Trial, { child, moment }: Death, place: string) {
  const root = join(place, "root");
  mkdirSync(place);
  await copyRoot(scenario.where.root, root);
  const PATH = `${join(dir, "tools")}:${process.env.PATH}`;
  const env = { PATH, COUNT: join(place, "count"), CHILD: String(child), MOMENT: moment };
  return { ran: await run(argv, { ...scenario.where, root, env }), root };
}
