import type { App } from "../app.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { INTERRUPTS } from "../processes/signals.ts";
import { follow } from "../servers/follow.ts";

/** Tells of all logs until Ctrl-C, or until nobody reads it any more. */
export async function followLog(app: App, spec: EnvironmentSpec, last: number) {
  const { environment, servers } = spec;
  const end = new AbortController();
  const stop = () => end.abort();
  for (const signal of INTERRUPTS) process.once(signal, stop);
  process.stdout.once("error", stop);
  let told = 0;
  try {
    await follow(servers, {
      spec,
      last,
      open: app.host,
      signal: end.signal,
      onLines(server, lines) {
        told += lines.length;
        for (const line of lines) app.emit({ event: "logged", several: servers.length > 1, server, ...line });
      },
      onTrouble: (text) => app.emit({ event: "warning", text }),
    });
  } finally {
    for (const signal of INTERRUPTS) process.off(signal, stop);
  }
  return { environment, servers, told };
}
