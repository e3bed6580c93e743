import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { orNull, temporaryName } from "../../disk/durable.ts";
import { ensureFreePort, readPort } from "../../environment/ports.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Site, siteName } from "../../environment/site.ts";
import type { ProcessServing } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import { type Account, readAccount } from "../../processes/account.ts";

export type Target = { socketPath: string } | { host: string; port: number };

/** Where a side's `web` is to listen. */
export interface Endpoint {
  /** How `web` is told. */
  env: Record<string, string>;
  target: Target;
  /** Makes what `web` has opened reachable for the router; cheap, to be called again and again. */
  adopt(): void;
}

/** A fresh place: nothing of a process before is left in it. */
export async function prepareEndpoint(site: Site, side: Side, serve: ProcessServing): Promise<Endpoint> {
  removeEndpoint(site, side);
  if (serve.listen === "port") return preparePort(site, side);
  assertSocketFits(site);
  const socket = at.socket(site, side);
  if (serve.user !== null && process.getuid?.() === 0)
    return prepareForeign(site, side, readAccount(serve.user));
  return { env: { SOCKET: socket }, target: { socketPath: socket }, adopt: () => open(socket) };
}

export function removeEndpoint(site: Site, side: Side): void {
  rmSync(at.socket(site, side), { force: true });
  rmSync(join(at.run(site), side), { recursive: true, force: true });
}

/** Where a side's `web` listens now, null where nothing says so. */
export function readTarget(site: Site, side: Side, listen: ProcessServing["listen"]): Target | null {
  if (listen === "socket") return { socketPath: at.socket(site, side) };
  const port = readPort(site, side);
  return port === null ? null : { host: "127.0.0.1", port };
}

/** The kernel's limit for the path of a Unix socket. */
export const LONGEST = 107;

export function assertSocketFits(site: Site): void {
  const path = at.socket(site, "green");
  const length = Buffer.byteLength(path);
  if (length <= LONGEST) return;
  throw new GreenroomError(
    "ROOT_UNUSABLE",
    `${siteName(site)}'s socket ${path} would be ${length} bytes long, ${length - LONGEST} more than the kernel takes`,
    { hint: 'choose a shorter root with --root, or "listen": "port"' },
  );
}

async function preparePort(site: Site, side: Side): Promise<Endpoint> {
  const port = await ensureFreePort(site, side);
  return { env: { PORT: String(port) }, target: { host: "127.0.0.1", port }, adopt: () => {} };
}

// An account that could write into run/ could forge what we read there, and a symlink in place of its socket would
// lead the router anywhere. So it gets a folder to itself, and its socket a second name in run/ once it is one.
function prepareForeign(site: Site, side: Side, account: Account): Endpoint {
  const folder = join(at.run(site), side);
  mkdirSync(folder, { mode: 0o750 });
  chownSync(folder, account.uid, account.gid);
  const theirs = join(folder, "sock");
  const ours = at.socket(site, side);
  return { env: { SOCKET: theirs }, target: { socketPath: ours }, adopt: () => adopt(theirs, ours, account) };
}

function adopt(theirs: string, ours: string, account: Account): void {
  const found = look(theirs);
  if (!found?.isSocket() || found.ino === look(ours)?.ino) return;
  const temporary = temporaryName(ours);
  try {
    linkSync(theirs, temporary);
    const linked = lstatSync(temporary);
    if (!linked.isSocket() || linked.uid !== account.uid) return;
    chmodSync(temporary, 0o660);
    renameSync(temporary, ours);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function open(socket: string): void {
  const found = look(socket);
  if (found?.isSocket() && (found.mode & 0o777) !== 0o660) chmodSync(socket, 0o660);
}

function look(path: string): Stats | null {
  return orNull(() => lstatSync(path), "ENOENT");
}
