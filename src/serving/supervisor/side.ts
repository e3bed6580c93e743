import { mkdirSync } from "node:fs";
import type { Side } from "../../environment/sides.ts";
import { at, type Site, siteName } from "../../environment/site.ts";
import { type Context, markOf } from "./context.ts";
import { removeEndpoint } from "./endpoint.ts";
import { type Failure, type ProcessEvents, superviseProcess } from "./process.ts";
import { createReport } from "./report.ts";
import { createSlot, type Running } from "./slot.ts";
import { type Known, readWant, type SideWant } from "./want.ts";

/** One side's `web`, which always runs, and its other processes, which run when they are told to. */
export interface SupervisedSide {
  /** Throws on what is half there; `web` then goes on as it is. */
  reconcile(): void;
  wanted(): SideWant | null;
  startOthers(want: SideWant): Running;
  end(): Promise<void>;
  leave(): Promise<void>;
}

export function superviseSide(site: Site, side: Side, context: Context): SupervisedSide {
  const voice = createVoice(site, side, context);
  let known: Known | null = null;

  const start = (want: SideWant, name: string, events: ProcessEvents): Running => {
    const env = environmentOf(site, want, context);
    return superviseProcess({ name, listens: name === "web", site, side, want, env }, context.runner, events);
  };
  const web = createSlot((want: SideWant) => {
    quietly(() => mkdirSync(at.run(site)));
    voice.wants(want);
    const running = start(want, "web", voice.ofWeb(want));
    return {
      leave: running.leave,
      end: async () => {
        await running.end();
        quietly(() => removeEndpoint(site, side));
        voice.stopped(want);
      },
    };
  });
  return {
    reconcile() {
      known = readWant(site, side, known);
      web.set(known.want);
    },
    wanted: () => known?.want ?? null,
    startOthers(want) {
      const names = Object.keys(want.spec.serve.start).filter((name) => name !== "web");
      const running = names.map((name) => start(want, name, voice.ofOther(name, want)));
      return {
        end: async () => void (await Promise.all(running.map((one) => one.end()))),
        leave: async () => void (await Promise.all(running.map((one) => one.leave()))),
      };
    },
    end() {
      web.set(null);
      return web.settled();
    },
    leave: web.leave,
  };
}

/** So many failures in a row are no accident any more. */
const AGAIN_AND_AGAIN = 3;

/** What becomes of the side's processes, told to the side's state file and to whoever looks at `greenroom up`. */
function createVoice(site: Site, side: Side, { crew, emit }: Context) {
  const say = (text: string) => emit({ event: "line", source: `${siteName(site)} ${side}`, text });
  const trouble = (error: Error) => emit({ event: "warning", text: `${siteName(site)}: ${error.message}` });
  const report = createReport(site, side, trouble);
  const failed = (name: string, { reason, pause, times, lastLines }: Failure) => {
    say(`${reason}; it is started again in ${pause / 1000} s`);
    if (times >= AGAIN_AND_AGAIN) report.failing({ name, times, reason, lastLines });
    if (times !== AGAIN_AND_AGAIN) return;
    say(`${name} has failed ${times} times in a row${lastLines.length > 0 ? "; its last lines:" : ""}`);
    for (const line of lastLines) say(`  ${line}`);
  };

  const ofOther = (name: string, { release }: SideWant): ProcessEvents => ({
    begins: () => {},
    started: (leader, restarts) => {
      crew.add(leader);
      report.running(name, leader, restarts);
    },
    healthy: () => say(`${name} of ${release} runs`),
    failed: (failure) => failed(name, failure),
    recovered: () => report.recovered(name),
    gone: (leader) => {
      crew.delete(leader);
      report.gone(name);
    },
    trouble,
  });
  const ofWeb = (want: SideWant): ProcessEvents => ({
    ...ofOther("web", want),
    begins: (wasFound) => say(`web of ${want.release} ${wasFound ? "runs already" : "starts"}`),
    healthy: () => {
      report.status("healthy");
      say(`web of ${want.release} is healthy`);
    },
    failed: (failure) => {
      report.status(failure.wasHealthy ? "starting" : "failed", failure.reason, failure.lastLines);
      failed("web", failure);
    },
  });
  const wants = ({ id, release }: SideWant) => report.begin(id, release);
  const stopped = ({ release }: SideWant) => {
    report.status("stopped");
    say(`web of ${release} has ended`);
  };
  return { ofOther, ofWeb, wants, stopped };
}

function environmentOf(
  site: Site,
  { side, release, spec }: SideWant,
  { urlOf }: Context,
): Record<string, string> {
  return {
    ...spec.env,
    ...markOf(site.root),
    GREENROOM_PROJECT: site.project,
    GREENROOM_ENVIRONMENT: site.environment,
    GREENROOM_SIDE: side,
    GREENROOM_RELEASE: release,
    GREENROOM_URL: urlOf(spec.domain),
    GREENROOM_SOCKET: spec.serve.listen === "socket" ? at.socket(site, side) : "",
    GREENROOM_ROOT: site.root,
  };
}

// The folder is there, or goes with its environment at this moment; else the process that needs it says why not.
function quietly(act: () => void): void {
  try {
    act();
  } catch {}
}
