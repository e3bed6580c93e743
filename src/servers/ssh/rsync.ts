import { spawn } from "node:child_process";
import { once } from "node:events";
import { GreenroomError } from "../../errors.ts";
import type { StoragePlace } from "../host.ts";
import type { Server } from "../server.ts";
import { writePinned } from "./host-keys.ts";
import { sshArgv } from "./options.ts";
import { quoteWords } from "./quote.ts";
import { explainSsh, isFull } from "./refusals.ts";

export interface Rsync {
  server: Server;
  place: StoragePlace & { rsync: string[] };
  /** The folder here. */
  directory: string;
  way: "pull" | "push";
  deletes: boolean;
  dryRun: boolean;
  /** What is no plain file or folder at the end that is written: none of it is removed. */
  kept: string[];
}

/** What rsync did, or would do. */
export interface Rsynced {
  sent: { path: string; bytes: number }[];
  removed: string[];
  skipped: string[];
}

/** Has rsync carry a folder, over the same ssh as everything else. */
export async function runRsync(wanted: Rsync): Promise<Rsynced> {
  const { server, place, directory, way, deletes, dryRun, kept } = wanted;
  const pinned = writePinned(server);
  // What a server says of itself is believed, but nothing else is made of it.
  if (!place.dir.startsWith("/")) throw failed(server, null, `${place.dir} is no folder`);
  const there = `greenroom:${place.dir}/`;
  const ends = way === "pull" ? [there, `${directory}/`] : [`${directory}/`, there];
  const options = [
    ...OPTIONS,
    `--rsh=${rshOf(sshArgv(server, pinned.file))}`,
    `--rsync-path=${quoteWords(place.rsync)}`,
    ...(deletes ? ["--delete"] : []),
    ...(dryRun ? ["--dry-run"] : []),
  ];
  try {
    const { code, out, errors } = await run([...options, "--", ...ends], kept.map(protection).join(""));
    if (code === 255) throw explainSsh(server, errors);
    if (isFull(errors)) throw full(wanted, errors);
    if (code !== 0 && code !== VANISHED) throw failed(server, code, errors);
    return readOutput(out);
  } finally {
    pinned.forget();
  }
}

const OPTIONS = [
  // Names with spaces need no quoting there.
  "--secluded-args",
  "--recursive",
  "--times",
  // Modes are those of what is new; the room's own stays, whoever may look into it. Never for others to
  // write, and never to run as its owner. No links, sockets or devices.
  "--chmod=u+rw,go-w,a-s,Du+x",
  "--no-links",
  "--omit-dir-times",
  "--exclude=.greenroom-*",
  "--from0",
  "--filter=. -",
  "--out-format=%i %l %n",
];

/** Files that went away meanwhile: what a site that runs does. */
const VANISHED = 24;

/** rsync says a host first, which our words have already; and it cuts this line at spaces, except between quotes. */
function rshOf(words: string[]): string {
  return ["sh", "-c", `shift; exec ${quoteWords(words)} "$@"`, "rsync"]
    .map((word) => `'${word.replaceAll("'", "''")}'`)
    .join(" ");
}

/** A backslash is one, unless the name has a wildcard. */
function protection(path: string): string {
  return `P /${/[*?[]/.test(path) ? path.replace(/[\\*?[]/g, "\\$&") : path}\0`;
}

async function run(args: string[], rules: string) {
  const env = { ...process.env, LC_ALL: "C" };
  const child = spawn("rsync", args, { stdio: "pipe", env });
  child.stdin.on("error", () => {}).end(rules);
  let [out, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-16_384);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, errors };
}

function readOutput(out: string): Rsynced {
  const lines = out.split("\n");
  const all = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.slice(1) ?? []);
  const sent = lines.flatMap((line) => {
    const [, bytes, path] = /^[<>]f\S+ +(\d+) (.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ path, bytes: Number(bytes) }];
  });
  return {
    sent,
    removed: all(/^\*deleting +\d+ (.*)$/),
    skipped: all(/^skipping non-regular file "(.*)"$/),
  };
}

function full({ server, way, directory }: Rsync, errors: string): GreenroomError {
  const where = way === "pull" ? `here, where ${directory} is,` : `of ${server.name}`;
  return new GreenroomError("DISK_FULL", `the disk ${where} is full`, {
    hint: "make room there, then give the same command again: files that have come aren't sent again",
    detail: linesOf(errors),
  });
}

function failed({ name }: Server, code: number | null, errors: string): GreenroomError {
  return new GreenroomError("IO_FAILED", `rsync with ${name} ended with ${code}`, {
    hint: "give the same command again: files that are there already aren't sent again, one that was cut is",
    detail: linesOf(errors),
  });
}

function linesOf(errors: string): string[] {
  return errors.trim().split("\n").slice(-8);
}
