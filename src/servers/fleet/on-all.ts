import type { EnvironmentSpec } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import type { Host } from "../host.ts";

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

/** Refuses where what all of them say isn't the same, and names the first that says otherwise. */
export function assertAlike(
  hosts: Host[],
  said: unknown[],
  what: string,
  { environment }: Pick<EnvironmentSpec, "environment">,
): void {
  const words = said.map((one) => JSON.stringify(one));
  const other = words.findIndex((one) => one !== words[0]);
  if (other === -1) return;
  const [first, odd] = [hosts[0]!.name, hosts[other]!.name];
  throw new GreenroomError("SERVERS_DIFFER", `the servers of ${environment} differ in ${what}`, {
    hint: `greenroom recover ${environment}; else, if ${first} is right: greenroom bind ${environment} ${odd}`,
    detail: hosts.map(({ name }, i) => `${name}: ${words[i]}`),
  });
}
