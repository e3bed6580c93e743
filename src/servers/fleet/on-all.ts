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
  if (new Set(words).size < 2) return;
  const right = words.indexOf(mostOften(words));
  const [like, odd] = [hosts[right]!.name, hosts.find((_, i) => words[i] !== words[right])!.name];
  throw new GreenroomError("SERVERS_DIFFER", `the servers of ${environment} differ in ${what}`, {
    hint: `greenroom recover ${environment}; else, if ${like} is right: greenroom bind ${environment} ${odd} --like ${like}`,
    detail: hosts.map(({ name }, i) => `${name}: ${words[i]}`),
  });
}

/** Of those who show anything. */
function mostOften(words: string[]): string {
  const count = (word: string) =>
    /^null$|"release":null/.test(word) ? 0 : words.filter((one) => one === word).length;
  return words.reduce((best, word) => (count(word) > count(best) ? word : best));
}
