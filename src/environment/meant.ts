import { GreenroomError } from "../errors.ts";
import { siteName } from "./site.ts";
import { type EnvironmentState, liveRelease, rehearsalRelease } from "./state.ts";

/**
 * Whether the release that was meant, if one was, is live by now; refuses where another one rehearses. Somebody else may
 * stage or switch between two operations of ours, and a switch that is done once more leads back.
 */
export function isLiveByNow(state: EnvironmentState, meant: string | undefined): boolean {
  if (meant === undefined) return false;
  if (liveRelease(state) === meant) return true;
  const there = rehearsalRelease(state);
  if (there === meant) return false;
  const { site } = state;
  throw new GreenroomError(
    "REHEARSAL_CHANGED",
    `${siteName(site)} rehearses ${there ?? "nothing"} by now, and not ${meant}`,
    { hint: `who did that, says: greenroom log ${site.environment} --last 5` },
  );
}
