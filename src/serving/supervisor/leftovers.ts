import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SIDES } from "../../environment/sides.ts";
import { at, type ProcessState, siteOf } from "../../environment/site.ts";
import { endGroup, type Leader, leaderOf, readProcesses, readStart } from "../../processes/group.ts";

/** A variable that says whose a process is: the root's, and of its `greenroom up`. */
export function markOf(root: string): Record<string, string> {
  return { GREENROOM_UP: root };
}

/**
 * Ends what an earlier `greenroom up` of this root left running when it was killed. Only for the holder of up.lock:
 * to everybody else these are the processes of a living one.
 */
export async function endLeftovers(root: string): Promise<number> {
  const leaders = new Map<number, Leader>();
  for (const leader of [...(await readRecorded(root)), ...(await findMarked(root))])
    leaders.set(leader.pid, leader);
  await Promise.all([...leaders.values()].map((leader) => endGroup(leader, PATIENCE)));
  return leaders.size;
}

const PATIENCE = 3_000;

async function readRecorded(root: string): Promise<Leader[]> {
  const states = (await listSites(root)).flatMap((site) => SIDES.map((side) => at.processes(site, side)));
  const recorded = (await Promise.all(states.map(readLeaders))).flat();
  return recorded.filter(({ pid, started }) => started !== "" && readStart(pid) === started);
}

export async function listSites(root: string) {
  const projects = await listFolders(join(root, "sites"));
  const sites = projects.map(async (project) => {
    const environments = await listFolders(join(root, "sites", project));
    return environments.map((environment) => siteOf(root, project, environment));
  });
  return (await Promise.all(sites)).flat();
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
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
async function findMarked(root: string): Promise<Leader[]> {
  const [mark] = Object.entries(markOf(root)).map(([name, value]) => `${name}=${value}`);
  const processes = await readProcesses();
  const marked = await Promise.all(
    processes.map(async ({ pid, group }) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return pid !== process.pid && environment.split("\0").includes(mark ?? "") ? [leaderOf(group)] : [];
    }),
  );
  return marked.flat();
}
