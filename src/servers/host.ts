import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Input, OperationName, Output } from "./calls.ts";
import type { View } from "./view.ts";

/** The machine that holds an environment's files, wherever it is. */
export interface Host {
  /** What greenroom.json calls it. */
  name: string;
  /** Resolves once it is done there. It is finished or undone there also where the line is cut meanwhile. */
  operate<N extends OperationName>(spec: EnvironmentSpec, operation: N, input: Input<N>): Promise<Output<N>>;
  look(spec: EnvironmentSpec): Promise<View>;
  close(): Promise<void>;
}
