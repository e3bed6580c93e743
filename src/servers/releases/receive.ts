import type { Manifest } from "../../release/manifest.ts";
import type { Store } from "../../release/store.ts";
import type { Host } from "../host.ts";

/** Has a machine hold a release that the store here has. */
export async function receive(host: Pick<Host, "bring">, store: Store, manifest: Manifest): Promise<void> {
  const record = await host.bring(store, manifest);
  await record();
}
