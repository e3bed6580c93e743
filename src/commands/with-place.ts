import type { App } from "../app.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import type { Input, OperationName, Output } from "../servers/calls.ts";
import { createFleet } from "../servers/fleet/fleet.ts";
import type { Host } from "../servers/host.ts";
import { assertApart } from "../servers/place.ts";
import { LOCAL } from "../servers/server.ts";
import type { View } from "../servers/view.ts";

import { tellingInterrupts } from "./interrupts.ts";

/** An environment on the machine that holds its files. */
export interface Place {
  spec: EnvironmentSpec;
  host: Host;
  operate<N extends OperationName>(operation: N, input: Input<N>): Promise<Output<N>>;
  look(): Promise<View>;
}

/** Acts on the environment that the command names, or the project's only one, wherever it is. */
export function withPlace<T>(
  app: App,
  environment: string | undefined,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  return withHosts(app, environment, (hosts, spec) => {
    const host = hosts.length === 1 ? hosts[0]! : createFleet(hosts, app.by, app.emit);
    return use(actingOn(host, spec));
  });
}

/** The same, with each of its servers by itself. */
export async function withHosts<T>(
  app: App,
  environment: string | undefined,
  use: (hosts: Host[], spec: EnvironmentSpec) => Promise<T>,
): Promise<T> {
  const project = app.project();
  const spec = resolveSpec(project, chooseEnvironment(project, environment));
  if (spec.servers.length === 0) throw unbound(spec.environment);
  return withMachines(app, spec.servers, (hosts) => use(hosts, spec));
}

/** Lines to machines by their names in greenroom.json, for as long as they are used. */
export async function withMachines<T>(
  app: App,
  names: string[],
  use: (hosts: Host[]) => Promise<T>,
): Promise<T> {
  const opened = await Promise.allSettled(names.map((name) => app.host(name)));
  const hosts = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = opened.find((one) => one.status === "rejected");
    if (failed) throw failed.reason as unknown;
    assertApart(hosts);
    return await use(hosts);
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
  }
}

function unbound(environment: string): GreenroomError {
  return new GreenroomError("ENVIRONMENT_UNBOUND", `${environment} is on no server`, {
    hint: `greenroom bind ${environment} SERVER`,
  });
}

/** What each of some servers says, all asked at the same time. One that can't be asked keeps nobody from seeing the others. */
export async function askEach<T>(app: App, servers: string[], ask: (host: Host) => Promise<T>): Promise<T[]> {
  const answers = await Promise.allSettled(servers.map((name) => askOne(app, name, ask)));
  return answers.flatMap((answer) => {
    if (answer.status === "fulfilled") return [answer.value];
    if (answers.every(({ status }) => status === "rejected")) throw answer.reason as unknown;
    const { reason } = answer as { reason: unknown };
    app.emit({ event: "warning", text: reason instanceof Error ? reason.message : String(reason) });
    return [];
  });
}

/** The same where all must answer. */
export async function askAll<T>(app: App, servers: string[], ask: (host: Host) => Promise<T>): Promise<T[]> {
  const answers = await Promise.allSettled(servers.map((name) => askOne(app, name, ask)));
  return answers.map((answer) => {
    if (answer.status === "rejected") throw answer.reason as unknown;
    return answer.value;
  });
}

async function askOne<T>(app: App, name: string, ask: (host: Host) => Promise<T>): Promise<T> {
  const host = await app.host(name);
  try {
    return await ask(host);
  } finally {
    await host.close();
  }
}

/** All servers of an environment, or the one of them that was named. */
export function chooseServers({ servers, environment }: EnvironmentSpec, name: string | undefined): string[] {
  if (name === undefined) return servers;
  if (servers.includes(name)) return [name];
  throw new GreenroomError("USAGE", `${environment} isn't on ${JSON.stringify(name)}`, {
    hint: `name one of: ${servers.join(", ")}`,
  });
}

export function actingOn(host: Host, spec: EnvironmentSpec): Place {
  return {
    spec,
    host,
    operate(operation, input) {
      const operate = () => host.operate(spec, operation, input);
      return host.name === LOCAL ? operate() : tellingInterrupts(spec.environment, operate);
    },
    look: () => host.look(spec),
  };
}
