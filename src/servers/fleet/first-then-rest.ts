import { setTimeout as pause } from "node:timers/promises";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Host } from "../host.ts";
import { onAll } from "./on-all.ts";

/**
 * Whoever is let in by the server whose name comes first gets the others, too, as soon as they are free: of two who
 * come at once, one wins. Nobody holds a server while they wait for another.
 */
export async function firstThenRest<T>(
  hosts: Host[],
  emit: Emit,
  act: (host: Host) => Promise<T>,
): Promise<T[]> {
  const first = hosts.reduce((least, host) => (host.name < least.name ? host : least));
  const answer = await act(first);
  const rest = hosts.filter((host) => host !== first);
  const answers = await onAll(rest, (host) => onceFree(host, emit, act));
  answers.splice(hosts.indexOf(first), 0, answer);
  return answers;
}

const TRIES = 60;
const BETWEEN = 500;

/** Nothing was done where it was locked. */
async function onceFree<T>(host: Host, emit: Emit, act: (host: Host) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await act(host);
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== "LOCKED" || tried === TRIES) throw error;
      if (tried === 1)
        emit({ event: "step", text: `wait for ${host.name}: another operation is at work there` });
      await pause(BETWEEN);
    }
  }
}
