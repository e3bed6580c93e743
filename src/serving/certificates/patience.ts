import { setTimeout as pause } from "node:timers/promises";

const PATIENCE = 90_000;
const FIRST = 200;
const LONGEST = 5000;

/** Asks again and again, less and less often, until the answer isn't null; rejects when that takes too long. */
export async function patiently<T>(signal: AbortSignal, ask: () => Promise<T | null>): Promise<T> {
  const until = Date.now() + PATIENCE;
  for (let wait = FIRST; Date.now() < until; wait = Math.min(wait * 2, LONGEST)) {
    const answer = await ask();
    if (answer !== null) return answer;
    await pause(wait, null, { signal });
  }
  throw new Error(`it takes more than ${PATIENCE / 1000} seconds`);
}
