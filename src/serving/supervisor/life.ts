import { once } from "node:events";
import { GreenroomError } from "../../errors.ts";
import type { Leader } from "../../processes/group.ts";
import { type Endpoint, findEndpoint, prepareEndpoint } from "./endpoint.ts";
import { untilHealthy } from "./health.ts";
import type { Body, Runner } from "./runner.ts";
import type { ProcessPlan } from "./want.ts";

/** What there is to say of a process once it has failed or is to stop. */
export interface Life {
  /** Null where it couldn't even be started. */
  leader: Leader | null;
  reason: string;
  lastLines: string[];
  healthyFor: number;
  /** Ends what is left of it. */
  end(): Promise<void>;
  /** Lets it go on, unwatched. */
  leave(): void;
}

export interface LifeEvents {
  /** It is started now, or was found running. */
  begins(wasFound: boolean): void;
  started(leader: Leader): void;
  healthy(): void;
}

/** From the start of a process to its failure, or until it is to stop. Never rejects. */
export async function live(
  plan: ProcessPlan,
  runner: Runner,
  stop: AbortSignal,
  on: LifeEvents,
): Promise<Life> {
  let body: Body;
  let endpoint: Endpoint | null;
  try {
    ({ body, endpoint } = await embody(plan, runner, on));
  } catch (error) {
    return stillborn(error);
  }
  if (body.leader) on.started(body.leader);
  const over = new AbortController();
  const finish = () => over.abort();
  stop.addEventListener("abort", finish, { once: true });
  if (stop.aborted) finish();
  void body.exited.then(finish);

  const { late, healthyFor } = await watch(plan, endpoint, over.signal, on).catch(unwatched);
  stop.removeEventListener("abort", finish);
  const reason = over.signal.aborted && !stop.aborted ? await body.exited : (late ?? "");
  if (!stop.aborted) await body.outputEnded(LAST_WORDS);
  return {
    leader: body.leader,
    reason,
    healthyFor,
    lastLines: body.lastLines(),
    end: body.end,
    leave: body.leave,
  };
}

interface Watched {
  /** Why it isn't healthy; null: it is, or has ended. */
  late: string | null;
  healthyFor: number;
}

async function watch(
  plan: ProcessPlan,
  endpoint: Endpoint | null,
  signal: AbortSignal,
  on: LifeEvents,
): Promise<Watched> {
  const late = endpoint ? await becomeHealthy(plan, endpoint, signal) : null;
  const isWell = late === null && !signal.aborted;
  return { late, healthyFor: isWell ? await thrive(signal, endpoint, on) : 0 };
}

/** Whatever keeps us from watching it, it mustn't go on without us. */
function unwatched(error: unknown): Watched {
  return { late: `it can't be watched: ${error instanceof Error ? error.message : error}`, healthyFor: 0 };
}

/** How long a process's last lines may be on their way after it has ended. */
const LAST_WORDS = 300;

async function embody(
  plan: ProcessPlan,
  runner: Runner,
  on: LifeEvents,
): Promise<{ body: Body; endpoint: Endpoint | null }> {
  const { site, side, listens } = plan;
  const { serve } = plan.want.spec;
  const found = await runner.find(plan);
  on.begins(found !== null);
  if (found) return { body: found, endpoint: listens ? findEndpoint(site, side, serve) : null };
  const endpoint = listens ? await prepareEndpoint(site, side, serve) : null;
  return { body: await runner.start(plan, endpoint?.env ?? {}), endpoint };
}

function stillborn(error: unknown): Life {
  const reason = error instanceof GreenroomError ? error.message : `it could not be started: ${error}`;
  return { leader: null, reason, lastLines: [], healthyFor: 0, end: async () => {}, leave: () => {} };
}

async function becomeHealthy(
  plan: ProcessPlan,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<string | null> {
  const { serve, domain } = plan.want.spec;
  const saw = await untilHealthy(
    { target: endpoint.target, path: serve.health, host: domain },
    { within: serve.startWithin, signal, before: () => adoptQuietly(endpoint) },
  );
  return saw === null ? null : `${plan.name} was not healthy within ${serve.startWithin / 1000} s: ${saw}`;
}

// A server may put a new socket into the place of its old one at any time.
async function thrive(signal: AbortSignal, endpoint: Endpoint | null, on: LifeEvents): Promise<number> {
  const begun = performance.now();
  // It may have opened its socket between our last look and its answer.
  if (endpoint) adoptQuietly(endpoint);
  on.healthy();
  const timer = endpoint && setInterval(() => adoptQuietly(endpoint), 1_000);
  if (!signal.aborted) await once(signal, "abort");
  if (timer) clearInterval(timer);
  return performance.now() - begun;
}

function adoptQuietly(endpoint: Endpoint): void {
  try {
    endpoint.adopt();
  } catch {
    // The socket went away while it was looked at, or the disk is full: the next look tells.
  }
}
