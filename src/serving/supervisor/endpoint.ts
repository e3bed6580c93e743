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
import { discardTree } from "../../disk/remove.ts";
import { ensureFreePort, readPort } from "../../environment/ports.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Site, siteName } from "../../environment/site.ts";
import type { ProcessServing } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import { type Account, readAccount } from "../../processes/account.ts";
import { webAccount } from "../web-account.ts";

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
  if (serve.listen === "port") return atPort(await ensureFreePort(site, side));
  assertSocketFits(site);
  const account = foreignAccount(serve);
  if (account) makeFolder(site, side, account);
  return atSocket(site, side, account);
}

/** The place of a process that runs already. */
export function findEndpoint(site: Site, side: Side, serve: ProcessServing): Endpoint {
  if (serve.listen === "port") return atPort(readPort(site, side) ?? 0);
  return atSocket(site, side, foreignAccount(serve));
}

/** The folder belongs to the site's programs: those of the other side may be at work in it. */
export function removeEndpoint(site: Site, side: Side): void {
  rmSync(at.socket(site, side), { force: true });
  discardTree(join(at.run(site), side));
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

function atPort(port: number): Endpoint {
  return { env: { PORT: String(port) }, target: { host: "127.0.0.1", port }, adopt: () => {} };
}

function foreignAccount({ user }: ProcessServing): Account | null {
  return user !== null && process.getuid?.() === 0 ? readAccount(user) : null;
}

// An account that could write into run/ could forge what we read there, and a symlink in place of its socket would
// lead the router anywhere. So it gets a folder to itself, and its socket a second name in run/ once it is one.
function makeFolder(site: Site, side: Side, account: Account): void {
  const folder = join(at.run(site), side);
  mkdirSync(folder, { mode: 0o750 });
  chownSync(folder, account.uid, account.gid);
}

function atSocket(site: Site, side: Side, account: Account | null): Endpoint {
  const ours = at.socket(site, side);
  const target = { socketPath: ours };
  if (!account) return { env: { SOCKET: ours }, target, adopt: () => open(ours) };
  const theirs = join(at.run(site), side, "sock");
  const group = webAccount(site.root)?.gid ?? account.gid;
  return { env: { SOCKET: theirs }, target, adopt: () => adopt(theirs, ours, { ...account, gid: group }) };
}

function adopt(theirs: string, ours: string, account: Account): void {
  const [found, known] = [look(theirs), look(ours)];
  if (!found?.isSocket() || (found.ino === known?.ino && found.gid === account.gid)) return;
  const temporary = temporaryName(ours);
  try {
    linkSync(theirs, temporary);
    const linked = lstatSync(temporary);
    if (!linked.isSocket() || linked.uid !== account.uid) return;
    // Who answers visitors is often a third account.
    chownSync(temporary, account.uid, account.gid);
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
