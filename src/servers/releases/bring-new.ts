import { GreenroomError } from "../../errors.ts";
import type { Manifest, ManifestHead } from "../../release/manifest.ts";
import type { Store } from "../../release/store.ts";
import type { Host } from "../host.ts";
import { receive } from "./receive.ts";

/** What somebody else makes at the same time may take the name away; unless it was asked for by name, it gets another. */
export async function bringNew<M extends { manifest: Manifest }>(
  host: Host,
  store: Store,
  project: string,
  { isNamed, make }: { isNamed: boolean; make(elsewhere: ManifestHead[]): M },
): Promise<M> {
  for (let tried = 1; ; tried++) {
    const made = make(await host.heads(project));
    try {
      await receive(host, store, made.manifest);
      return made;
    } catch (error) {
      const isTaken = error instanceof GreenroomError && error.code === "VERSION_EXISTS";
      if (!isTaken || isNamed || tried === TRIES) throw error;
    }
  }
}

const TRIES = 5;
