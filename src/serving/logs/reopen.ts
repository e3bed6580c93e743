import { existsSync, readdirSync, statSync } from "node:fs";
import { setImmediate as breathe, setTimeout as pause } from "node:timers/promises";
import { orNull } from "../../disk/durable.ts";
import { childrenOf } from "../nginx/program.ts";

/** Has a program open its logs anew. Answers those of the old files that it still writes after a while. */
export async function reopen(master: number, old: string[], patience: number): Promise<string[]> {
  process.kill(master, "SIGUSR1");
  const end = performance.now() + patience;
  for (let wait = 10; ; wait = Math.min(wait * 2, 500)) {
    await pause(wait);
    const held = (await heldBy(master, old)) ?? (await growing(old));
    if (held.length === 0 || performance.now() > end) return held;
  }
}

/** Those of the files that a master or one of its workers has open. Null: nobody lets us look. */
async function heldBy(master: number, files: string[]): Promise<string[] | null> {
  const wanted = new Map(files.map((file) => [idOf(file), file]));
  wanted.delete(null);
  const held = new Set<string>();
  if (wanted.size === 0) return [];
  for (const pid of [String(master), ...childrenOf(master)]) {
    const open = await openIn(pid);
    if (open === null) return null;
    for (const id of open) if (wanted.has(id)) held.add(wanted.get(id)!);
  }
  return [...held];
}

const AT_ONCE = 500;

/** Null where we may not look: in many containers not even root may look into processes of other accounts. */
async function openIn(pid: string): Promise<(string | null)[] | null> {
  const folder = `/proc/${pid}/fd`;
  const ids: (string | null)[] = [];
  const fds = orNull(() => readdirSync(folder), "ENOENT", "ESRCH", ...FORBIDDEN) ?? [];
  for (const [i, fd] of fds.entries()) {
    if (i % AT_ONCE === 0) await breathe();
    const look = orNull(() => ({ id: idOf(`${folder}/${fd}`) }), ...FORBIDDEN);
    if (!look) return null;
    ids.push(look.id);
  }
  // Whoever runs has something open.
  return ids.length > 0 || !existsSync(folder) ? ids : null;
}

const FORBIDDEN = ["EACCES", "EPERM"];

function idOf(path: string): string | null {
  const stat = orNull(() => statSync(path, { bigint: true }), "ENOENT", "ESRCH");
  return stat && `${stat.dev}:${stat.ino}`;
}

/** nginx keeps lines to itself for a second. */
const FLUSH = 2000;

async function growing(files: string[]): Promise<string[]> {
  const sizeOf = (file: string) => orNull(() => statSync(file).size, "ENOENT");
  const before = files.map(sizeOf);
  await pause(FLUSH);
  return files.filter((file, i) => sizeOf(file) !== before[i]);
}
