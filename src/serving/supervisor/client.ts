import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readJson, readPointer, writeJsonDurably } from "../../disk/durable.ts";
import type { Supervisor } from "../../environment/parts.ts";
import type { Side } from "../../environment/sides.ts";
import {
  at,
  type Identity,
  type ProcessState,
  type Site,
  siteName,
  siteOf,
  type Wanted,
} from "../../environment/site.ts";
import type { ProcessServing } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import { assertAccount } from "../../processes/own-account.ts";
import { forgetPrograms } from "../supervisord/retire.ts";
import { assertSocketFits, readTarget } from "./endpoint.ts";
import { probe } from "./health.ts";
import { isUp, readUp } from "./up-state.ts";
import { readWantedId } from "./want.ts";

/** Talks to the supervisor in `greenroom up` through the environment's `run` folder. Static sites need none. */
export function createSupervisorClient(root: string): Supervisor {
  return {
    assertReady({ serve, project, environment }) {
      if (serve.kind !== "process") return;
      const site = siteOf(root, project, environment);
      if (serve.user !== null && process.getuid?.() === 0) assertAccount(serve.user, site);
      if (serve.listen === "socket") assertSocketFits(site);
      assertUp(site);
    },
    async start(site, side, release, serve) {
      if (serve.kind !== "process") return;
      const id = randomUUID().slice(0, 8);
      writeJsonDurably(at.wanted(site, side), { id, release } satisfies Wanted);
      await untilStarted(site, side, { id, release }, serve);
    },
    async assertHealthy(site, side, serve) {
      if (serve.kind !== "process") return;
      assertUp(site);
      assertStateHealthy(site, side);
      const reason = await ask(site, side, serve);
      if (reason !== null) throw unhealthy(site, side, reason);
    },
    forget: forgetPrograms,
  };
}

function assertUp(site: Site): void {
  if (isUp(site.root)) return;
  throw new GreenroomError(
    "UP_NOT_RUNNING",
    `${siteName(site)} has processes to run, but nothing runs them`,
    {
      hint: "greenroom up",
    },
  );
}

async function untilStarted(
  site: Site,
  side: Side,
  { id, release }: Wanted,
  serve: ProcessServing,
): Promise<void> {
  const begun = performance.now();
  const limit = serve.startWithin + serve.drain + SPARE;
  for (let nextLook = begun + LOOK; performance.now() - begun < limit; await pause(15)) {
    const state = readState(site, side);
    if (state?.id === id && state.status === "healthy") return;
    if (state?.id === id && state.status === "failed")
      throw unhealthy(site, side, state.reason, state.lastLines, release);
    if (performance.now() < nextLook) continue;
    assertUp(site);
    nextLook = performance.now() + LOOK;
  }
  const state = readState(site, side);
  if (state?.id !== id) throw noSign(site, limit);
  throw unhealthy(site, side, `it took more than ${limit / 1000} s`, state.lastLines, release);
}

/** It has the lock, but doesn't act: stopped with Ctrl-Z, or stuck. */
function noSign(site: Site, limit: number): GreenroomError {
  const pid = readUp(site.root)?.pid;
  const what = `greenroom up${pid ? ` (process ${pid})` : ""} gave no sign of starting ${siteName(site)} in ${limit / 1000} s`;
  return new GreenroomError("PROCESS_UNHEALTHY", what, { hint: "stop it and start it again: greenroom up" });
}

/** What the supervisor may need besides ending the old processes and starting the new ones. */
const SPARE = 10_000;
const LOOK = 1_000;

function assertStateHealthy(site: Site, side: Side): void {
  const release = basename(readPointer(at.side(site, side)) ?? "");
  if (!release) throw new GreenroomError("SIDE_EMPTY", `${siteName(site)} has nothing on its ${side} side`);
  const state = readState(site, side);
  if (state?.release !== release || state.id !== readWantedId(site, side, release)) {
    throw unhealthy(site, side, `${release} isn't what runs there`, [], release);
  }
  if (state.status !== "healthy") {
    throw unhealthy(site, side, state.reason ?? `web is ${state.status}`, state.lastLines, release);
  }
}

async function ask(site: Site, side: Side, serve: ProcessServing): Promise<string | null> {
  const target = readTarget(site, side, serve.listen);
  const host = readJson<Identity>(at.identity(site))?.domain ?? "localhost";
  return target ? probe({ target, path: serve.health, host }) : "web has no port";
}

function readState(site: Site, side: Side): ProcessState | null {
  return readJson<ProcessState>(at.processes(site, side));
}

function unhealthy(
  site: Site,
  side: Side,
  reason: string | null,
  detail: string[] = [],
  release = "",
): GreenroomError {
  const what = [siteName(site), side, release && `(${release})`].filter(Boolean).join(" ");
  return new GreenroomError("PROCESS_UNHEALTHY", `${what} isn't healthy: ${reason ?? "no reason is known"}`, {
    hint: `less ${at.log(site, `web.${side}.log`)}`,
    detail,
  });
}
