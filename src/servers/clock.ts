/** The moments of one question and its answer, in milliseconds: by our clock, by the other's, and by ours again. */
export interface Exchange {
  sent: number;
  received: number;
  answered: number;
  back: number;
}

/** How far a clock is ahead of ours, and by how much that may be wrong, in milliseconds. */
export interface Skew {
  ahead: number;
  within: number;
}

/** As NTP does: a line that is as slow in both directions doesn't count. */
export function skewOf({ sent, received, answered, back }: Exchange): Skew {
  const way = Math.max(0, back - sent - (answered - received));
  return { ahead: Math.round((received - sent + (answered - back)) / 2), within: Math.ceil(way / 2) };
}

/** More than this makes journals and logs of several servers hard to read side by side. */
const TOLERATED = 2000;

/** Whether it is known to be off, wherever the line may have been slow. */
export function isOff({ ahead, within }: Skew): boolean {
  return Math.abs(ahead) - within > TOLERATED;
}

export function describeSkew({ ahead }: Skew): string {
  return `${describeSpan(Math.abs(ahead) / 1000)} ${ahead < 0 ? "behind" : "ahead"}`;
}

function describeSpan(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
