import type { Listener } from "./up.ts";

/** A listener beside which something goes on for as long as it listens, and has come to its end when it is closed. */
export function whileListening(
  listener: Listener,
  keep: (signal: AbortSignal) => Promise<unknown>,
): Listener {
  const end = new AbortController();
  let kept: Promise<unknown> | undefined;
  return {
    async listen(where) {
      const listening = await listener.listen(where);
      kept = keep(end.signal);
      return listening;
    },
    async close(drain) {
      end.abort();
      await listener.close(drain);
      await kept;
    },
  };
}
