import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ensureDirectory } from "../disk/durable.ts";
import { removeTree } from "../disk/remove.ts";
import { at } from "../environment/site.ts";
import { GreenroomError } from "../errors.ts";
import { assertAddresses } from "./addresses.ts";
import { assertDnsProgram } from "./certificates/dns-program.ts";
import { type Change, isChange, put, readOrNull } from "./changes.ts";
import { assertRoot, completeMachine } from "./fitness.ts";
import { type Machine, parseWishes, readMachine } from "./machine.ts";
import { machinePath } from "./machine-file.ts";
import { changeNginx } from "./nginx/change.ts";
import { readConfig } from "./nginx/config.ts";
import { INCLUDE, isOurs, renderInclude } from "./nginx/include.ts";
import { assertRead, assertRunning } from "./nginx/machines.ts";
import { nginxAt, nginxOf } from "./nginx/places.ts";
import { hasNginx } from "./nginx/program.ts";
import { planSites } from "./nginx/router.ts";
import { phpAt } from "./php/places.ts";
import { tellPhp } from "./php/router.ts";
import { isUp, readUp } from "./supervisor/up-state.ts";
import { supervisordOf } from "./supervisord/places.ts";
import { retire } from "./supervisord/retire.ts";
import { call } from "./supervisord/rpc.ts";

export interface Setup {
  /** Null: the root is to be served no more. */
  machine: Machine | null;
  changes: Change[];
}

/** What would have to change for this machine to serve a root as wished; nothing, if it does. */
export async function planSetup(root: string, wishes: Partial<Machine> | null): Promise<Setup> {
  const wished = wishes && parseWishes(readMachine(root), wishes);
  if (wished) await assertAddresses(wished);
  const machine = wished && completeMachine(root, wished);
  if (machine?.acme.dns) assertDnsProgram(machine.acme.dns);
  const serves = isOfMachine(machine);
  const files = [
    ...(serves ? await planSites(root, machine) : []),
    { path: INCLUDE, content: serves ? renderInclude(root, machine.listen, readConfig()) : null },
    { path: machinePath(root), content: machine && `${JSON.stringify(machine, null, 2)}\n` },
  ];
  return { machine, changes: files.filter((file) => isChange(file) && isToBeDone(root, file)) };
}

/** Its nginx is the machine's own. */
function isOfMachine(machine: Machine | null): machine is Machine {
  return machine?.router === "nginx" && !machine.unprivileged;
}

function isToBeDone(root: string, { path, content }: Change): boolean {
  if (path !== INCLUDE) return true;
  const before = readOrNull(path);
  if (before === null || isOurs(root, before)) return true;
  // Of somebody else's: left alone, and in the way only of who wants to write there.
  if (content === null) return false;
  throw new GreenroomError("FILE_EXISTS", `${path} is there, and isn't of this root`, {
    hint: "move it away, or serve this root by an nginx of its own: --unprivileged",
  });
}

/** Does what was planned. Where nginx or PHP-FPM refuses it, all is as it was before. */
export async function setUp(root: string, { machine, changes }: Setup): Promise<void> {
  if (changes.some(({ path }) => path === INCLUDE)) assertRoot();
  await assertParts(root, machine);
  ensureDirectory(root);
  const places = [INCLUDE, nginxAt.dir(root)];
  const tells = changes.some(({ path }) => places.includes(path) || places.includes(dirname(path)));
  if (isOfMachine(machine) || (tells && hasNginx())) await tell(root, machine, changes);
  else changes.forEach(put);
  if (machine?.router !== "nginx") for (const dir of [nginxAt.dir(root), phpAt.dir(root)]) drop(root, dir);
  if (machine?.supervisor !== "supervisord" && !isUp(root)) await retire(root);
}

/** What is to be told something must be there before anything is written. */
async function assertParts(root: string, machine: Machine | null): Promise<void> {
  const up = readUp(root);
  // It has read what was set up once, and would go on by that.
  if (up && !isDeepStrictEqual(machine, readMachine(root))) {
    const then = machine === null ? "" : ", give the command again, then greenroom up";
    throw new GreenroomError("UP_RUNNING", `greenroom up (process ${up.pid}) still serves ${root}`, {
      hint: `end it first: kill ${up.pid}${then}`,
    });
  }
  if (isOfMachine(machine)) assertRunning(nginxOf(root, false));
  if (machine?.supervisor === "supervisord" && !machine.unprivileged) {
    await call(supervisordOf(root, false), "supervisor.getPID");
  }
}

async function tell(root: string, machine: Machine | null, changes: Change[]): Promise<void> {
  const before = isSetUp(root) ? readMachine(root) : null;
  const accept = async () => {
    if (isOfMachine(machine)) assertRead();
    await tellPhp(root, machine);
  };
  try {
    await changeNginx(root, nginxOf(root, false), async () => changes, accept);
  } catch (error) {
    await tellPhp(root, before).catch(() => {});
    throw error;
  }
}

function isSetUp(root: string): boolean {
  return existsSync(machinePath(root));
}

function drop(root: string, dir: string): void {
  if (!existsSync(at.up(root))) removeTree(dir);
}
