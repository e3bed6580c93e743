import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ensureDirectory, orNull, writeFileDurably } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import { countOf } from "../../events.ts";
import { type Supervisord, supervisordAt, supervisordOf } from "./places.ts";
import { call } from "./rpc.ts";

export function findSupervisord(): string {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/bin", "/usr/local/bin"];
  const program = folders.map((folder) => join(folder, "supervisord")).find((path) => existsSync(path));
  if (program) return program;
  throw new GreenroomError("TOOL_MISSING", "supervisord isn't installed", { hint: "apt install supervisor" });
}

/** The pid of the supervisord that answers, null where none does. */
export async function readDaemon(supervisord: Supervisord): Promise<number | null> {
  try {
    return (await call(supervisord, "supervisor.getPID")) as number;
  } catch (error) {
    if (error instanceof GreenroomError) return null;
    throw error;
  }
}

/** Starts a supervisord of Greenroom's own, which outlives us. Answers its pid. */
export async function startDaemon(supervisord: Supervisord): Promise<number> {
  const { root } = supervisord;
  assertOwnSocketFits(root);
  ensureDirectory(supervisordAt.dir(root), 0o700);
  ensureDirectory(supervisordAt.scripts(root), 0o700);
  writeFileDurably(supervisordAt.config(root), renderConfig(), 0o600);
  const before = wordsOf(root).length;
  const child = spawnPrivately(findSupervisord(), ["-n", "-s", "-c", supervisordAt.config(root)]);
  const said = collect(child);
  for (let waited = 0; waited < PATIENCE && child.exitCode === null; waited += 30) {
    const pid = await readDaemon(supervisord);
    if (pid !== null) return letGo(child, pid);
    await pause(30);
  }
  child.kill("SIGTERM");
  const detail = `${said()}\n${wordsOf(root).slice(before)}`.trim().split("\n").slice(-5);
  throw new GreenroomError("SUPERVISOR_REFUSED", "supervisord ended as soon as it was started", { detail });
}

/** Python may take its time on a machine that has just been started. */
const PATIENCE = 20_000;

// In the foreground it takes no umask from its configuration, and its logs are nobody else's to read.
function spawnPrivately(program: string, args: string[]): ChildProcess {
  const before = process.umask(0o027);
  try {
    return spawn(program, args, { cwd: "/", stdio: ["ignore", "ignore", "pipe"], detached: true });
  } finally {
    process.umask(before);
  }
}

function collect(child: ChildProcess): () => string {
  let words = "";
  child.stderr?.on("data", (chunk) => (words += chunk));
  child.on("error", (error) => (words += error.message));
  return () => words;
}

function letGo(child: ChildProcess, pid: number): number {
  child.stderr?.destroy();
  child.unref();
  return pid;
}

function renderConfig(): string {
  return `; Written by Greenroom. Changes are lost.
[unix_http_server]
file=%(here)s/supervisord.sock
chmod=0700
[supervisord]
logfile=%(here)s/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
${process.getuid?.() === 0 ? "user=root\n" : ""}[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[include]
files = programs/*.conf
`;
}

// It makes its socket under a name with its pid at the end, then links it.
const LONGEST = 107 - ".4194304".length;

export function assertOwnSocketFits(root: string): void {
  const { socket } = supervisordOf(root, true);
  const length = Buffer.byteLength(socket);
  if (length <= LONGEST) return;
  throw new GreenroomError(
    "ROOT_UNUSABLE",
    `supervisord's socket ${socket} would be ${countOf(length - LONGEST, "byte")} longer than the kernel takes`,
    { hint: "choose a shorter root with --root" },
  );
}

function wordsOf(root: string): string {
  return orNull(() => readFileSync(supervisordAt.log(root), "utf8"), "ENOENT") ?? "";
}
