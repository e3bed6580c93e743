import { readFile } from "node:fs/promises";
import { SIDES } from "../../environment/sides.ts";
import { at, type ProcessState } from "../../environment/site.ts";
import { endGroup, type Leader, leaderOf, readProcesses, readStart } from "../../processes/group.ts";
import { markOf } from "./context.ts";
import { listSites } from "./sites.ts";

/**
 * Ends what an earlier `greenroom up` of this root left running when it was killed. Only for the holder of up.lock:
 * to everybody else these are the processes of a living one. What a living `keeper` looks after is spared.
 */
export async function endLeftovers(root: string, keeper: Keeper | null = null): Promise<number> {
  const leaders = new Map<number, Leader>();
  for (const leader of [...(await readRecorded(root)), ...(await findMarked(root, keeper))])
    if (!keeper?.leaders.includes(leader.pid)) leaders.set(leader.pid, leader);
  await Promise.all([...leaders.values()].map((leader) => endGroup(leader, PATIENCE)));
  return leaders.size;
}

/** A supervisor that outlives `greenroom up`. */
export interface Keeper {
  leaders: number[];
  /** What all that descends from it carries in its environment, also what has left its leader's group. */
  mark: string;
}

const PATIENCE = 3_000;

async function readRecorded(root: string): Promise<Leader[]> {
  const states = (await listSites(root)).sites.flatMap((site) =>
    SIDES.map((side) => at.processes(site, side)),
  );
  const recorded = (await Promise.all(states.map(readLeaders))).flat();
  return recorded.filter(({ pid, started }) => started !== "" && readStart(pid) === started);
}

async function readLeaders(path: string): Promise<Leader[]> {
  try {
    const state = JSON.parse(await readFile(path, "utf8")) as ProcessState;
    return state.processes.filter(({ pid, started }) => Number.isInteger(pid) && typeof started === "string");
  } catch {
    return [];
  }
}

// A process may have been started and not yet recorded, or have outlived the leader that was.
async function findMarked(root: string, keeper: Keeper | null): Promise<Leader[]> {
  const [mark] = Object.entries(markOf(root)).map(([name, value]) => `${name}=${value}`);
  const processes = await readProcesses();
  const marked = await Promise.all(
    processes.map(async ({ pid, group }) => {
      const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      const variables = text.split("\0");
      const isLeft = variables.includes(mark ?? "") && !(keeper && variables.includes(keeper.mark));
      return pid !== process.pid && isLeft ? [leaderOf(group)] : [];
    }),
  );
  return marked.flat();
}
