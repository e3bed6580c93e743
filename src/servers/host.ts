import type { Basis } from "../environment/basis.ts";
import type { Intent } from "../environment/intent.ts";
import type { Likeness } from "../environment/likeness.ts";
import type { LoggedRequest } from "../environment/logs/access-log.ts";
import type { Cursors, Lines } from "../environment/logs/log-lines.ts";
import type { LoggedOperations } from "../environment/logs/operations-log.ts";
import type { ListedRelease } from "../environment/releases.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { FileRoom } from "../environment/storage/file-room.ts";
import type { Manifest, ManifestHead } from "../release/manifest.ts";
import type { Store } from "../release/store.ts";
import type { Input, OperationName, Output } from "./calls.ts";
import type { Skew } from "./clock.ts";
import type { Promised, Promising } from "./fleet/promise.ts";
import type { MachineView } from "./machine.ts";
import type { Wanted } from "./releases/fetch.ts";
import type { View } from "./view.ts";

export interface StorageDoor extends FileRoom {
  place(): Promise<StoragePlace>;
}

export interface StoragePlace {
  dir: string;
  /** Begins the argv of rsync there; null where it can't be run. */
  rsync: string[] | null;
}

/** The machine that holds an environment's files, wherever it is. */
export interface Host {
  /** What greenroom.json calls it. */
  name: string;
  /** Tells its root from all others; null where that isn't there yet. */
  place: string | null;
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
  basis(spec: EnvironmentSpec): Promise<Basis>;
  /** Itself, and how far its clock is from ours. */
  machine(): Promise<MachineView & { skew: Skew }>;
  /** The last lines of all logs, or those since the cursors. */
  lines(spec: EnvironmentSpec, last: number, cursors: Cursors | null): Promise<Lines>;
  /** What visitors asked for last. */
  requests(spec: EnvironmentSpec, last: number): Promise<LoggedRequest[]>;
  releases(spec: EnvironmentSpec): Promise<ListedRelease[]>;
  /** What was done to it last. */
  operations(spec: EnvironmentSpec, last: number): Promise<LoggedOperations>;
  /** Storage of an environment: a path that greenroom.json names as such, or one below. */
  storage(spec: EnvironmentSpec, path: string): StorageDoor;
  /** Releases of the project that it has, and this machine might not. */
  heads(project: string): Promise<ManifestHead[]>;
  /** Has a release's contents in its store, sent from this machine's where it lacked; the answer gives it its name. */
  bring(store: Store, manifest: Manifest): Promise<() => Promise<void>>;
  /** A release that it has, its contents in this machine's store. */
  give(store: Store, wanted: Wanted): Promise<Manifest>;
  close(): Promise<void>;
  /** The same without waiting for what it does. */
  drop(): void;
}
