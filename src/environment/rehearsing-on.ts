import { GreenroomError } from "../errors.ts";
import type { Side } from "./sides.ts";
import { siteName } from "./site.ts";
import { type EnvironmentState, liveRelease } from "./state.ts";

/** The state with a side of the caller's choice to rehearse on, unless visitors see another release there. */
export function rehearsingOn(
  state: EnvironmentState,
  side: Side | undefined,
  release: string | null,
): EnvironmentState {
  if (side === undefined) return state;
  const { site, sides, traffic, live } = state;
  const seen = live === side || (traffic?.buckets[side] ?? 0) > 0;
  if (seen && release !== null && sides[side] !== release) {
    throw new GreenroomError(
      "ENVIRONMENT_LIVE",
      `visitors of ${siteName(site)} see ${sides[side]} here, on the ${side} side, where ${release} belongs`,
      { hint: `take ${site.environment} off that server, then give the same command again` },
    );
  }
  const isElsewhere = live !== side && liveRelease(state) === release;
  return { ...state, rehearsal: side, verdict: null, live: isElsewhere ? null : live };
}
