import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { signalGroup } from "../../processes/group.ts";
import type { Context } from "./context.ts";
import { createRoster, warnOnce } from "./roster.ts";
import { listSites } from "./sites.ts";
import { watchFolders } from "./watch.ts";

export interface RunningSupervisor {
  /** Ends all processes, each after its drain; those that a real supervisor runs go on. */
  close(): Promise<void>;
  /** Ends all processes at once. */
  kill(): void;
}

/** Runs the processes of all environments of a root, for the holder of its up.lock. */
export async function startSupervisor(
  root: string,
  outside: Omit<Context, "crew">,
): Promise<RunningSupervisor> {
  const context: Context = { ...outside, crew: new Set() };
  const warn = warnOnce(outside.emit);
  const { runner } = outside;
  await runner.open();

  mkdirSync(join(root, "sites"), { recursive: true });
  const roster = createRoster(context);
  const look = oneAtATime(
    async () => {
      const { sites, folders } = await listSites(root);
      roster.update(sites);
      newcomers.follow(folders);
    },
    (error) => warn(`the environments can't be looked at: ${error}`),
  );
  const newcomers = watchFolders(look.now);
  await look.now();
  const poll = setInterval(look.now, POLL);

  return {
    async close() {
      clearInterval(poll);
      await look.stop();
      newcomers.close();
      await roster.close(runner.outlives ? "leave" : "end");
      await runner.close();
    },
    kill: () => {
      if (runner.outlives) return;
      for (const leader of context.crew) signalGroup(leader, "SIGKILL");
    },
  };
}

/** The net under the watches, which may miss things. */
const POLL = 1_000;

/** Who asks while it is under way gets the run that is under way. */
function oneAtATime(act: () => Promise<void>, onError: (error: unknown) => void) {
  let running: Promise<void> | null = null;
  let stopped = false;
  const now = async () => {
    if (stopped) return;
    running ??= act()
      .catch(onError)
      .finally(() => {
        running = null;
      });
    await running;
  };
  const stop = async () => {
    stopped = true;
    await running;
  };
  return { now, stop };
}
