import { setTimeout as pause } from "node:timers/promises";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Ended } from "../ssh/run.ts";
import type { Shell } from "../ssh/shell.ts";

const PLAIN = ["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"];
/** Files of configuration that somebody has changed stay as they are. */
const KEEPING = ["-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Use-Pty=0"];
const APT = [...PLAIN, "apt-get", "-q", "-y", ...KEEPING];

export const UPDATE = [...APT, "update"];
const FIX = [...APT, "--no-install-recommends", "--no-remove", "--fix-broken", "install"];
/** What was unpacked is configured first: apt does nothing before. */
const MENDING = 'dpkg --configure -a --force-confold && exec "$@"';
export const MEND = [...PLAIN, "sh", "-c", MENDING, "greenroom", ...FIX];

/** Whatever would take another package away is refused. */
export function install(packages: string[]): string[] {
  return [...APT, "--no-install-recommends", "--no-remove", "install", ...packages];
}

/** How long others may hold apt's lock, as unattended upgrades do. */
const PATIENCE = 180_000;
const PAUSE = 3_000;

/** Waits while somebody else installs something. */
export async function runApt(
  shell: Pick<Shell, "run">,
  argv: string[],
  name: string,
  emit: Emit,
  patience = PATIENCE,
): Promise<Ended> {
  for (let waited = 0; ; waited += PAUSE) {
    const ended = await shell.run(argv);
    const lock = ended.code === 0 ? undefined : ended.lastLines.find((line) => LOCKED.test(line));
    if (lock === undefined) return ended;
    if (waited >= patience) {
      throw new GreenroomError("LOCKED", `something else on ${name} has been installing for minutes`, {
        hint: `when it has ended: greenroom provision ${name}`,
        detail: [lock],
      });
    }
    if (waited === 0) emit({ event: "step", text: `waiting for apt, which somebody else uses: ${lock}` });
    await pause(PAUSE);
  }
}

const LOCKED = /Could not get lock|dpkg frontend lock/;
