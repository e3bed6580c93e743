import type { App } from "../app.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import type { Input, OperationName, Output } from "../servers/calls.ts";
import type { Host } from "../servers/host.ts";
import type { View } from "../servers/view.ts";

/** An environment on the machine that holds its files. */
export interface Place {
  spec: EnvironmentSpec;
  host: Host;
  operate<N extends OperationName>(operation: N, input: Input<N>): Promise<Output<N>>;
  look(): Promise<View>;
}

/** Acts on the environment that the command names, or the project's only one, wherever it is. */
export async function withPlace<T>(
  app: App,
  environment: string | undefined,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  const project = app.project();
  const spec = resolveSpec(project, chooseEnvironment(project, environment));
  const host = await app.host(spec.servers[0]!);
  try {
    return await use(actingOn(host, spec));
  } finally {
    await host.close();
  }
}

export function actingOn(host: Host, spec: EnvironmentSpec): Place {
  return {
    spec,
    host,
    operate: (operation, input) => host.operate(spec, operation, input),
    look: () => host.look(spec),
  };
}
