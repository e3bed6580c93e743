import type { Intent } from "../../environment/intent.ts";
import type { EnvironmentSpec } from "../../environment/spec.ts";
import type { Emit } from "../../events.ts";
import type { Host } from "../host.ts";
import { onAll } from "./on-all.ts";

/**
 * Ends what a client left that died between its servers: where one has moved, the others follow; where none has, none
 * will. Answers what became of it, null where nothing was left.
 */
export async function recoverFleet(
  hosts: Host[],
  spec: EnvironmentSpec,
): Promise<{ operation: string; outcome: "finished" | "abandoned" } | null> {
  const left = await findIntent(hosts, spec);
  if (!left) return null;
  const { id, operation } = left.intent;
  // One may be moving just now: what it says when it is told to forget it counts.
  const moved = left.moved || (await onAll(left.hosts, (host) => host.abandon(spec, id))).some(isCarriedOut);
  if (!moved) return { operation, outcome: "abandoned" };
  await finish(left.hosts, spec, left.intent);
  return { operation, outcome: "finished" };
}

/** Before anything else is done: a server that was away when the others moved follows them. */
export async function catchUp(hosts: Host[], spec: EnvironmentSpec, emit: Emit) {
  const left = await findIntent(hosts, spec);
  if (!left?.moved) return null;
  const { operation, at } = left.intent;
  const answers = await finish(left.hosts, spec, left.intent);
  const names = left.hosts.map(({ name }) => name).join(", ");
  emit({ event: "warning", text: `${operation} of ${at} had been cut short; it is on ${names} now` });
  return { operation, answers };
}

interface Left {
  intent: Intent;
  /** Those that have promised it. */
  hosts: Host[];
  /** At least one of them has kept it, and at least one hasn't. */
  moved: boolean;
}

async function findIntent(all: Host[], spec: EnvironmentSpec): Promise<Left | null> {
  const found = await onAll(all, (host) => host.promised(spec, null));
  const intent = found.flatMap((one) => one.intent ?? []).sort((a, b) => (a.at < b.at ? 1 : -1))[0];
  if (!intent) return null;
  const hosts = all.filter(({ name }) => intent.servers.includes(name));
  const done = await onAll(hosts, (host) => host.promised(spec, intent.id));
  const moved = done.some(isCarriedOut);
  if (!moved || !done.every(isCarriedOut)) return { intent, hosts, moved };
  // All have kept it, and one didn't come to strike it out.
  await onAll(hosts, (host) => host.abandon(spec, intent.id));
  return null;
}

function isCarriedOut({ carriedOut }: { carriedOut: boolean }): boolean {
  return carriedOut;
}

function finish(hosts: Host[], spec: EnvironmentSpec, intent: Intent): Promise<object[]> {
  const { id, operation, input } = intent;
  return onAll(hosts, async (host) => {
    const { intent: mine, carriedOut } = await host.promised(spec, id);
    // Somebody had it forgotten here, while another server moved.
    if (!carriedOut && mine?.id !== id) await host.promise(spec, intent);
    return host.operate(spec, operation as never, input as never, id);
  });
}
