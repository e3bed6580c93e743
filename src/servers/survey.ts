import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError, translateErrno } from "../errors.ts";
import type { Skew } from "./clock.ts";
import type { Host } from "./host.ts";
import type { MachineView } from "./machine.ts";
import { LOCAL } from "./server.ts";
import type { Patience } from "./ssh/line.ts";
import type { View } from "./view.ts";

/** A server as it answers at this moment, or why it doesn't. */
export interface Seen {
  name: string;
  machine: (MachineView & { skew: Skew }) | null;
  /** By environment. */
  views: Record<string, View>;
  problem: Problem | null;
}

export interface Problem {
  code: string;
  message: string;
  hint: string | null;
}

export type Open = (name: string, patience: Patience) => Promise<Host>;

export const PATIENCE: Patience = { connect: 5, whole: 20 };

/** Looks at all servers at the same time. One that can't be asked is told as such, and costs the others nothing. */
export function survey(names: string[], specs: EnvironmentSpec[], open: Open): Promise<Seen[]> {
  return Promise.all(
    names.map(async (name): Promise<Seen> => {
      const mine = specs.filter(({ servers }) => servers.includes(name));
      try {
        return await ask(await open(name, PATIENCE), mine);
      } catch (error) {
        // What keeps this machine from answering keeps it from everything.
        if (name === LOCAL) throw error;
        return { name, machine: null, views: {}, problem: problemOf(error) };
      }
    }),
  );
}

async function ask(host: Host, specs: EnvironmentSpec[]): Promise<Seen> {
  try {
    const machine = await host.machine();
    const views: Record<string, View> = {};
    for (const spec of specs) views[spec.environment] = await host.look(spec);
    return { name: host.name, machine, views, problem: null };
  } finally {
    await host.close();
  }
}

function problemOf(thrown: unknown): Problem {
  const error = translateErrno(thrown);
  if (!(error instanceof GreenroomError)) throw thrown;
  return { code: error.code, message: error.message, hint: error.hint ?? null };
}

/** In what the servers of an environment that could be asked differ, in the words of status. */
export function differences(views: View[]): string[] {
  const aspects = {
    "live release": ({ live }: View) => live?.release ?? null,
    "live side": ({ live }: View) => live?.side ?? null,
    rehearsal: ({ rehearsal }: View) => rehearsal.release,
    traffic: ({ traffic }: View) => traffic,
    pause: ({ paused }: View) => paused !== null,
  };
  return Object.entries(aspects)
    .filter(([, of]) => new Set(views.map((view) => JSON.stringify(of(view)))).size > 1)
    .map(([name]) => name);
}
