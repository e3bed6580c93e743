import { findLeftovers, lastInJournal, look, type Picture, type Seen, samePicture } from "./oracle.ts";
import { type Programs, runSequence } from "./program.ts";
import type { Scenario } from "./scenarios.ts";

/** What is wrong right after a run was cut short: people must see all of the old or all of the new. */
export function judgeMoment({ before, after }: Scenario, now: Seen): string[] {
  const known = samePicture(now, before) || samePicture(now, after);
  return [...now.faults, ...(known ? [] : [`visitors see neither the old nor the new: ${tell(now)}`])];
}

/** Types the next commands and says what is wrong with their answers and with what they leave. */
export async function judgeNext(
  scenario: Scenario,
  programs: Programs,
  root: string,
  mayStay?: RegExp,
): Promise<string[]> {
  const { after, where } = scenario;
  const again = scenario.again(root);
  const commands = [["status"], again, ["verify", "production"]];
  const { answers, output } = await runSequence(programs, commands, { ...where, root });
  const wrong = commands.flatMap((argv, i) => {
    const exit = answers[i]?.exit ?? "a crash";
    return exit === 0 ? [] : [`${argv.join(" ")} ended with ${exit}: ${lastError(output)}`];
  });
  if (wrong.length > 0) return wrong;
  return [...judgeMoment(scenario, look(root)), ...judgeEnd(root, after, mayStay)];
}

/** Whether a command has done what its answer says: what visitors and people at the rehearsal see, what was checked. */
export function keepsPromise(now: Picture, wanted: Picture): boolean {
  return samePicture(now, wanted) && now.rehearsal === wanted.rehearsal && now.checked === wanted.checked;
}

function judgeEnd(root: string, wanted: Picture, mayStay?: RegExp): string[] {
  const end = look(root);
  const left = findLeftovers(root).filter((path) => !mayStay?.test(path));
  const wrong = left.map((path) => `left over: ${path}`);
  if (lastInJournal(root) !== end.live) wrong.push(`the journal says that ${lastInJournal(root)} is live`);
  if (!keepsPromise(end, wanted)) wrong.push(`it didn't do its work: ${tell(end)}`);
  if (end.stored !== wanted.stored)
    wrong.push(`the store holds other things: ${differ(end.stored, wanted.stored)}`);
  return wrong;
}

function differ(a: string, b: string): string {
  const [had, needs] = [new Set(a.split(" ")), new Set(b.split(" "))];
  const more = [...had].filter((name) => !needs.has(name)).map((name) => `+${name}`);
  return [...more, ...[...needs].filter((name) => !had.has(name)).map((name) => `-${name}`)].join(" ");
}

function tell({ live, buckets, rehearsal }: Picture): string {
  const counts = new Map<string, number>();
  for (const release of buckets.split(" ")) counts.set(release, (counts.get(release) ?? 0) + 1);
  return `live ${live}, rehearsal ${rehearsal}, buckets ${[...counts].map(([release, n]) => `${n} × ${release}`).join(" + ")}`;
}

function lastError(output: string): string {
  const lines = output
    .split("\n")
    .filter((line) => line.includes('"event":"error"') || !line.startsWith("{"));
  return lines.join(" ").slice(0, 1500);
}
