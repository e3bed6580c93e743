import { randomUUID } from "node:crypto";
import type { Intent } from "../environment/intent.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Output } from "./calls.ts";
import type { Host } from "./host.ts";

/** What visitors see moves with these: on all servers, or on none. */
const MOVES = new Set(["switch", "rollback", "canary", "pause", "resume"]);

/** Several machines that hold one environment, as one: what is done is done on all of them, what is asked the first answers. */
export function createFleet(hosts: Host[], by: string, emit: Emit): Host {
  const [first] = hosts as [Host];
  return {
    ...first,
    async operate(spec, operation, input) {
      if (!MOVES.has(operation) || input.dryRun) {
        return firstOf<Output<typeof operation>>(
          await onAll(hosts, (host) => host.operate(spec, operation, input)),
        );
      }
      const names = hosts.map(({ name }) => name);
      const [id, at] = [randomUUID(), new Date().toISOString()];
      await prepare(hosts, spec, { id, operation, input, servers: names, by, at });
      const act = (host: Host) => host.operate(spec, operation, input, id);
      return firstOf<Output<typeof operation>>(await commit(hosts, spec, operation, emit, act));
    },
    async heads(project) {
      return (await onAll(hosts, (host) => host.heads(project))).flat();
    },
    async receive(store, manifest) {
      await onAll(hosts, (host) => host.receive(store, manifest));
    },
    async close() {
      await Promise.all(hosts.map((host) => host.close()));
    },
    drop() {
      for (const host of hosts) host.drop();
    },
  };
}

function firstOf<T>(all: T[]): T {
  return all[0]!;
}

/** Waits for all, also where one has failed: nobody is left in the middle of something. */
export async function onAll<T>(hosts: Host[], act: (host: Host) => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(hosts.map(act));
  const failed = results.filter((result) => result.status === "rejected");
  if (failed.length > 0) throw withOthers(failed.map(({ reason }) => reason as unknown));
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}

/** The first failure, and what the others said. */
function withOthers([first, ...others]: unknown[]): unknown {
  if (!(first instanceof GreenroomError) || others.length === 0) return first;
  const { code, message, hint, detail } = first;
  const words = others.map((error) => (error instanceof Error ? error.message : String(error)));
  return new GreenroomError(code, message, {
    ...(hint ? { hint } : {}),
    detail: [...detail, ...words],
    cause: first,
  });
}

/** One that can't stops all, before any has moved. */
async function prepare(hosts: Host[], spec: EnvironmentSpec, intent: Intent): Promise<void> {
  try {
    await onAll(hosts, (host) => host.promise(spec, intent));
  } catch (error) {
    await Promise.allSettled(hosts.map((host) => host.abandon(spec, intent.id)));
    throw error;
  }
}

async function commit<T>(
  hosts: Host[],
  { environment }: EnvironmentSpec,
  operation: string,
  emit: Emit,
  act: (host: Host) => Promise<T>,
): Promise<T[]> {
  const ends: number[] = [];
  const results = await Promise.allSettled(
    hosts.map(async (host) => {
      const result = await act(host);
      ends.push(performance.now());
      return result;
    }),
  );
  const failed = results.flatMap((result, i) =>
    result.status === "rejected" ? [{ host: hosts[i]!, result }] : [],
  );
  if (failed.length === 0) {
    const skew = Math.round(Math.max(...ends) - Math.min(...ends));
    emit({
      event: "step",
      text: `${operation} on ${hosts.length} servers, ${skew} ms between the first and the last`,
    });
    return results.map((result) => (result as PromiseFulfilledResult<T>).value);
  }
  const names = failed.map(({ host }) => host.name).join(", ");
  throw new GreenroomError(
    "SERVERS_DIFFER",
    `the ${operation} of ${environment} is done, but not known to be on ${names}`,
    {
      hint: `greenroom recover ${environment}`,
      detail: failed.map(({ result }) =>
        result.reason instanceof Error ? result.reason.message : String(result.reason),
      ),
    },
  );
}

/**
 * Ends what a client left that died between its servers: where one has moved, the others follow; where none has, none
 * will. Answers what became of it, null where nothing was left.
 */
export async function recoverFleet(
  hosts: Host[],
  spec: EnvironmentSpec,
): Promise<{ operation: string; outcome: "finished" | "abandoned" } | null> {
  const found = await onAll(hosts, (host) => host.promised(spec, null));
  const intent = found.flatMap((one) => one.intent ?? []).sort((a, b) => (a.at < b.at ? 1 : -1))[0];
  if (!intent) return null;
  const { id, operation, input } = intent;
  const done = await onAll(hosts, (host) => host.promised(spec, id));
  if (!done.some(({ carriedOut }) => carriedOut)) {
    await onAll(hosts, (host) => host.abandon(spec, id));
    return { operation, outcome: "abandoned" };
  }
  await onAll(hosts, (host) => host.operate(spec, operation as never, input as never, id));
  return { operation, outcome: "finished" };
}
