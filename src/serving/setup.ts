import { readFileSync, rmSync } from "node:fs";
import { ensureDirectory, orNull, writeFileDurably } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { type Machine, machinePath, parseMachine, readMachine } from "./machine.ts";
import { nginxAt, nginxOf } from "./nginx/places.ts";
import { findNginx, reload, testConfig } from "./nginx/program.ts";
import { writeSites } from "./nginx/router.ts";
import { tellPhp } from "./php/router.ts";
import { isUp } from "./supervisor/up-state.ts";
import { findSupervisord } from "./supervisord/daemon.ts";
import { supervisordOf } from "./supervisord/places.ts";
import { retire } from "./supervisord/retire.ts";
import { call } from "./supervisord/rpc.ts";

/** A file that setup writes, or takes away where its content is null. */
export interface Change {
  path: string;
  content: string | null;
}

export interface Setup {
  /** Null: the root is to be served no more. */
  machine: Machine | null;
  changes: Change[];
}

/** What would have to change for this machine to serve a root as wished; nothing, if it does. */
export function planSetup(root: string, wishes: Partial<Machine> | null): Setup {
  const machine = wishes && parseMachine({ ...readMachine(root), ...wishes });
  if (machine?.router === "nginx") findNginx(machine.listenTls.length > 0);
  if (machine?.supervisor === "supervisord") findSupervisord();
  const files = [
    { path: machinePath(root), content: machine && `${JSON.stringify(machine, null, 2)}\n` },
    { path: INCLUDE, content: includeOf(root, machine) },
  ];
  return { machine, changes: files.filter((file) => isChange(root, file)) };
}

/** Where Debian's nginx, and others, look for what is added to them. */
const INCLUDE = "/etc/nginx/conf.d/greenroom.conf";

function includeOf(root: string, machine: Machine | null): string | null {
  if (machine?.router !== "nginx" || machine.unprivileged) return null;
  return `${markOf(root)}
server_names_hash_max_size 65536;
server_names_hash_bucket_size 256;
include ${nginxAt.shared(root)};
include ${nginxAt.sites(root)}/*.conf;
`;
}

function markOf(root: string): string {
  return `# Written by Greenroom for ${root}; greenroom setup --remove takes it away.`;
}

function isChange(root: string, { path, content }: Change): boolean {
  const before = readOrNull(path);
  if (before === content) return false;
  if (path !== INCLUDE || before === null) return true;
  if (before.startsWith(markOf(root))) return true;
  // Of somebody else's: left alone, and in the way only of who wants to write there.
  if (content === null) return false;
  throw new GreenroomError("FILE_EXISTS", `${path} is there, and isn't of this root`, {
    hint: "move it away, or serve this root by an nginx of its own: --unprivileged",
  });
}

/** Does what was planned. Where nginx refuses it, all is as it was before. */
export async function setUp(root: string, { machine, changes }: Setup): Promise<void> {
  ensureDirectory(root);
  const before = changes.map(({ path }) => ({ path, content: readOrNull(path) }));
  const tells = changes.some(({ path }) => path === INCLUDE) || isOfMachine(machine);
  const nginx = nginxOf(root, false);
  await assertSupervisor(root, machine);
  try {
    if (machine && tells) await writeSites(root, machine);
    changes.forEach(put);
    if (tells) testConfig(nginx);
    if (tells) await reload(nginx);
    if (tells) await tellPhp(root, machine);
  } catch (error) {
    before.forEach(put);
    throw error;
  }
  // One that runs goes on as it was set up; the next one ends what isn't its own.
  if (machine?.supervisor !== "supervisord" && !isUp(root)) await retire(root);
}

async function assertSupervisor(root: string, machine: Machine | null): Promise<void> {
  if (machine?.supervisor !== "supervisord" || machine.unprivileged) return;
  await call(supervisordOf(root, false), "supervisor.getPID");
}

/** Its nginx reads what changes with where it is to listen. */
function isOfMachine(machine: Machine | null): boolean {
  return machine?.router === "nginx" && !machine.unprivileged;
}

function put({ path, content }: Change): void {
  if (content === null) rmSync(path, { force: true });
  else writeFileDurably(path, content);
}

function readOrNull(path: string): string | null {
  return orNull(() => readFileSync(path, "utf8"), "ENOENT");
}
