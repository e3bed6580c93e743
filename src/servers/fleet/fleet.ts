import { makeSecret } from "../../environment/previews.ts";
import type { EnvironmentSpec } from "../../environment/spec.ts";
import type { Emit } from "../../events.ts";
import type { OperationName, Output } from "../calls.ts";
import type { Host } from "../host.ts";
import { firstThenRest } from "./first-then-rest.ts";
import { isMove, isTurn, moveTogether } from "./move-together.ts";
import { assertAlike, onAll } from "./on-all.ts";
import { catchUp } from "./recover.ts";

/** Needn't wait until what was cut short is done: it may be what makes room for that. */
const FOR_ITSELF = new Set<OperationName>(["prune", "verify", "remove"]);

/** Several machines that hold one environment, as one: what is done is done on all of them, what is asked the first answers. */
export function createFleet(hosts: Host[], by: string, emit: Emit): Host {
  const [first] = hosts as [Host];
  return {
    ...first,
    async operate(spec, operation, input) {
      type Answer = Output<typeof operation>;
      const isOwn = input.dryRun || FOR_ITSELF.has(operation);
      const caughtUp = isOwn ? null : await catchUp(hosts, spec, emit);
      // Who types it again after it was cut short wants it once.
      if (caughtUp?.operation === operation && isTurn(operation, input))
        return firstOf(caughtUp.answers as Answer[]);
      if (!input.dryRun && isMove(operation))
        return firstOf<Answer>(await moveTogether(hosts, spec, { operation, input, by, emit }));
      const same = operation === "stage" ? await withSecret(first, spec, input) : input;
      const act = (host: Host) => host.operate(spec, operation, same);
      return firstOf<Answer>(await (isOwn ? onAll(hosts, act) : firstThenRest(hosts, emit, act)));
    },
    // Who asks is about to do something.
    async basis(spec) {
      await catchUp(hosts, spec, emit);
      const found = await onAll(hosts, (host) => host.basis(spec));
      const live = found.map((basis) => basis.live);
      assertAlike(hosts, live, "what is live", spec);
      return { ...found[0]!, avoid: found.flatMap(({ avoid }) => avoid) };
    },
    async heads(project) {
      return (await onAll(hosts, (host) => host.heads(project))).flat();
    },
    async bring(store, manifest) {
      const brought = await onAll(hosts, (host) => host.bring(store, manifest));
      // Two who made a release of the same name would each be first somewhere.
      return async () => void (await firstThenRest(hosts, emit, (host) => brought[hosts.indexOf(host)]!()));
    },
    async close() {
      await Promise.all(hosts.map((host) => host.close()));
    },
    drop() {
      for (const host of hosts) host.drop();
    },
  };
}

/** Previews have the same address on all servers. */
async function withSecret<I>(first: Host, spec: EnvironmentSpec, input: I): Promise<I> {
  const { secret } = await first.basis(spec);
  return { ...input, secret: secret ?? makeSecret() };
}

function firstOf<T>(all: T[]): T {
  return all[0]!;
}
