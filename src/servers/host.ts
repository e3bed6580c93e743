import type { Basis } from "../environment/basis.ts";
import type { Intent } from "../environment/intent.ts";
import type { Likeness } from "../environment/likeness.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Manifest, ManifestHead } from "../release/manifest.ts";
import type { Store } from "../release/store.ts";
import type { Input, OperationName, Output } from "./calls.ts";
import type { Wanted } from "./fetch.ts";
import type { Promised, Promising } from "./promise.ts";
import type { Stocked } from "./stock.ts";
import type { View } from "./view.ts";

/** The machine that holds an environment's files, wherever it is. */
export interface Host {
  /** What greenroom.json calls it. */
  name: string;
  /** Resolves once it is done there. It is finished or undone there also where the line is cut meanwhile. */
  operate<N extends OperationName>(
    spec: EnvironmentSpec,
    operation: N,
    input: Input<N>,
    intent?: string,
  ): Promise<Output<N>>;
  /** Rejects where what is meant couldn't be done this moment; else it is written down there. Moves nothing. */
  promise(spec: EnvironmentSpec, intent: Intent): Promise<Promising>;
  promised(spec: EnvironmentSpec, id: string | null): Promise<Promised>;
  /** Nothing comes of it. */
  abandon(spec: EnvironmentSpec, id: string): Promise<Pick<Promised, "carriedOut">>;
  look(spec: EnvironmentSpec): Promise<View>;
  /** Null where nothing is live there. */
  likeness(spec: EnvironmentSpec): Promise<Likeness | null>;
  stock(spec: EnvironmentSpec): Promise<Stocked[]>;
  basis(spec: EnvironmentSpec): Promise<Basis>;
  /** Releases of the project that it has, and this machine might not. */
  heads(project: string): Promise<ManifestHead[]>;
  /** Has the release in its store, sent from this machine's where it lacked. */
  receive(store: Store, manifest: Manifest): Promise<void>;
  /** A release that it has, its contents in this machine's store. */
  give(store: Store, wanted: Wanted): Promise<Manifest>;
  close(): Promise<void>;
}
