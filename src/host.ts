import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { serveCalls, type Workshop } from "./servers/serve.ts";
import { COMPILED } from "./servers/ssh/script.ts";

/** `greenroom host`: the program at the far end of a line, for another Greenroom and not for people. */
export async function main(argv: string[], version: string): Promise<void> {
  // Node has read it; what is started from here isn't to.
  delete process.env[COMPILED];
  const { values } = parseArgs({
    args: argv,
    options: { root: { type: "string" }, restricted: { type: "boolean" } },
  });
  const root = values.root === undefined ? await usualRoot() : resolve(values.root);
  await serveCalls(
    { root, version, open: () => openWorkshop(root, version, values.restricted === true) },
    process.stdin,
    process.stdout,
  );
}

/** All that can be done to environments is loaded only by those who do something. */
async function openWorkshop(root: string, version: string, restricted: boolean): Promise<Workshop> {
  const { createApp } = await import("./app.ts");
  const { assertModest } = await import("./servers/restricted.ts");
  return {
    sceneOf(spec, emit, by) {
      const scene = createApp({ root, project: undefined, emit, version, by }).sceneOf(spec);
      if (restricted) assertModest(spec, scene);
      return scene;
    },
    store: () => createApp({ root, project: undefined, emit: () => {}, version }).world().store,
  };
}

async function usualRoot(): Promise<string> {
  const { createApp } = await import("./app.ts");
  return createApp({ root: undefined, project: undefined, emit: () => {}, version: "" }).root;
}
