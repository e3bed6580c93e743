import { randomUUID } from "node:crypto";
import type { Intent } from "../../environment/intent.ts";
import type { EnvironmentSpec } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Input, OperationName, Output } from "../calls.ts";
import type { Host } from "../host.ts";
import { firstThenRest } from "./first-then-rest.ts";
import { assertAlike } from "./on-all.ts";

/** What visitors see moves with these: on all servers, or on none. */
const MOVES = new Set<OperationName>(["switch", "rollback", "canary", "pause", "resume"]);

export function isMove(operation: OperationName): boolean {
  return MOVES.has(operation);
}

/** Done twice it leads back. */
export function isTurn(operation: OperationName, input: object): boolean {
  return operation === "rollback" || (operation === "switch" && !("release" in input));
}

interface Move<N extends OperationName> {
  operation: N;
  input: Input<N>;
  by: string;
  emit: Emit;
}

/** Each promises that it can, and what visitors will see by it; only then all of them move. */
export async function moveTogether<N extends OperationName>(
  hosts: Host[],
  spec: EnvironmentSpec,
  { operation, input, by, emit }: Move<N>,
): Promise<Output<N>[]> {
  const meant = await sameForAll(hosts, spec, operation, input);
  const servers = hosts.map(({ name }) => name);
  const [id, at] = [randomUUID(), new Date().toISOString()];
  await prepare(hosts, spec, { id, operation, input: meant, servers, by, at }, emit);
  const act = (host: Host) => host.operate(spec, operation, meant, id);
  return commit(hosts, spec, operation, emit, act);
}

/** Servers may have kept different releases: which one is the one before, the first says for all. */
async function sameForAll<N extends OperationName>(
  [first]: Host[],
  spec: EnvironmentSpec,
  operation: N,
  input: Input<N>,
): Promise<Input<N>> {
  if (operation !== "rollback") return input;
  const given = input as Input<"rollback">;
  const { to } = await first!.operate(spec, "rollback", { ...given, dryRun: true });
  return { ...given, to } as Input<N>;
}

/** One that can't stops all, before any has moved. */
async function prepare(hosts: Host[], spec: EnvironmentSpec, intent: Intent, emit: Emit): Promise<void> {
  try {
    const promised = await firstThenRest(hosts, emit, (host) => host.promise(spec, intent));
    const shown = promised.map(({ shows }) => shows);
    assertAlike(hosts, shown, `what a ${intent.operation} would show`, spec);
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
    result.status === "rejected" ? [{ name: hosts[i]!.name, why: result.reason as unknown }] : [],
  );
  const late = failed.find(({ why }) => isOnlyLate(why));
  if (failed.every(({ why }) => isOnlyLate(why))) {
    emit({ event: "step", text: `${operation} on ${hosts.length} servers, ${skewOf(ends)}` });
    if (late) throw late.why;
    return results.map((result) => (result as PromiseFulfilledResult<T>).value);
  }
  const unmoved = failed.filter(({ why }) => !isOnlyLate(why));
  throw new GreenroomError(
    "SERVERS_DIFFER",
    `the ${operation} of ${environment} isn't known to be done on ${unmoved.map(({ name }) => name).join(", ")}`,
    {
      hint: `greenroom recover ${environment}`,
      detail: failed.map(({ why }) => (why instanceof Error ? why.message : String(why))),
    },
  );
}

/** It has moved: a task that comes after that has failed. */
function isOnlyLate(why: unknown): boolean {
  return why instanceof GreenroomError && why.code === "AFTER_TASK_FAILED";
}

function skewOf(ends: number[]): string {
  const skew = ends.length > 1 ? Math.round(Math.max(...ends) - Math.min(...ends)) : 0;
  return `${skew} ms between the first and the last`;
}
