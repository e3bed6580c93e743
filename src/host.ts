import { parseArgs } from "node:util";
import { createApp } from "./app.ts";
import type { Emit } from "./events.ts";
import { serveCalls } from "./servers/serve-calls.ts";

/** `greenroom host`: the program at the far end of a line, for another Greenroom and not for people. */
export async function main(argv: string[], version: string): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { root: { type: "string" } } });
  const appOf = (emit: Emit, by?: string) =>
    createApp({ root: values.root, project: undefined, emit, version, ...(by === undefined ? {} : { by }) });
  const callee = {
    version,
    sceneOf: (spec, emit, by) => appOf(emit, by).sceneOf(spec),
    store: () => appOf(() => {}).world().store,
  } satisfies Parameters<typeof serveCalls>[0];
  await serveCalls(callee, process.stdin, process.stdout);
}
