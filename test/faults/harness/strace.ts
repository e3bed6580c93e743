import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Ran, run, type Surroundings } from "./program.ts";

/** System calls that can change what is on disk, or whether it stays there. */
const CHANGING = [
  "openat",
  "write",
  "pwrite64",
  "writev",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "unlink",
  "unlinkat",
  "mkdir",
  "mkdirat",
  "rmdir",
  "chmod",
  "fchmod",
  "fchmodat",
  "utimensat",
  "ftruncate",
  "truncate",
  "fsync",
  "fdatasync",
  "chown",
  "fchown",
  "lchown",
  "fchownat",
  "copy_file_range",
  "sendfile",
  "ioctl",
]; // prettier-ignore

/** The k-th call of that name that a thread makes, and what it does. */
export interface Point {
  call: string;
  when: number;
  /** The call as it is in every run of the command. */
  what: string;
  /** The same for all points of a kind: buckets and generations are alike. */
  kind: string;
  /** Whether it fails in an undisturbed run already, like mkdir of what is there. */
  fails: boolean;
}

interface Call {
  call: string;
  what: string;
  fails: boolean;
  disturbed: boolean;
}

/**
 * Which of a command's threads is traced. Only one of them is, and no children are: strace counts for each of them
 * anew. Not --seccomp-bpf: with it strace 6.1 injects no signals.
 */
export interface Tracer {
  run(options: string[], argv: string[], where: Surroundings, limit?: number): Promise<Ran>;
  /** Two threads take contents in, and which of them takes which one differs: one is as good as another. */
  shares: boolean;
}

export const mainThread: Tracer = {
  run: (options, argv, where, limit) =>
    run(["strace", ...options, ...preload(argv, PREDICTABLE)], where, limit),
  shares: false,
};

/** The main thread of a command that reads a large source on two. */
export const firstThread: Tracer = {
  run: (options, argv, where, limit) => mainThread.run(options, preload(argv, TWO), where, limit),
  shares: true,
};

/** The thread that helps it. */
export const secondThread: Tracer = {
  run: (options, argv, where, limit) => {
    const env = { ...where.env, TRACE_SECOND: JSON.stringify(options) };
    return run(preload(argv, PREDICTABLE, TWO), { ...where, env }, limit);
  },
  shares: true,
};

const PREDICTABLE = resolve("test/faults/harness/predictable.cjs");
const TWO = resolve("test/faults/harness/two-threads.cjs");

function preload([node = "", ...command]: string[], ...files: string[]): string[] {
  return [node, ...files.flatMap((file) => ["--require", file]), ...command];
}

/** What a thread changes below the command's root, call by call. Calls that Node makes for itself are no points. */
export async function findPoints(
  tracer: Tracer,
  argv: string[],
  where: Surroundings,
  log: string,
): Promise<Point[]> {
  const options = tracing(log, CHANGING.join(","));
  const { code, output } = await tracer.run(options, argv, where);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}:\n${output}`);
  const counts = new Map<string, number>();
  return readCalls(log, where.root).flatMap(({ call, what, fails }) => {
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    return what.includes("ROOT") && changes(call, what)
      ? [{ call, when, what, kind: kindOf(what), fails }]
      : [];
  });
}

export interface Disturbed extends Ran {
  /** The call that it really hit; null where the run went on as if nothing had been. */
  hit: string | null;
}

/** Kills the command before that call is made. */
export async function killAt(
  tracer: Tracer,
  argv: string[],
  point: Point,
  where: Surroundings,
  log: string,
): Promise<Disturbed> {
  const { when, only } = aim(tracer, point, where.root);
  const inject = [...only, "-e", `inject=${point.call}:signal=KILL:when=${when}`];
  const ran = await tracer.run([...tracing(log, point.call), ...inject], argv, where);
  const last = readCalls(log, where.root).at(-1);
  return { ...ran, hit: ran.signal === "SIGKILL" ? (last?.what ?? null) : null };
}

/** What an error makes wait forever is over then. */
const HANGS = 20_000;

/** Makes that call fail without being made. */
export async function failAt(
  tracer: Tracer,
  argv: string[],
  { point, error }: { point: Point; error: string },
  where: Surroundings,
  log: string,
): Promise<Disturbed> {
  const { when, only } = aim(tracer, point, where.root);
  const inject = [...only, "-e", `inject=${point.call}:error=${error}:when=${when}`];
  const ran = await tracer.run([...tracing(log, point.call), ...inject], argv, where, HANGS);
  const hit = readCalls(log, where.root).find((call) => call.disturbed);
  return { ...ran, hit: hit?.what ?? null };
}

/** Whether the call that was hit is the one that was meant. */
export function isMeant({ shares }: Tracer, hit: string | null, { what, kind }: Point): boolean {
  if (hit === null) return false;
  return shares && what.includes(INCOMING) ? kindOf(hit) === kind : hit === what;
}

const INCOMING = "ROOT/store/incoming/";

/**
 * Writes are counted file by file, because how often Node writes to pipes of its own differs from run to run; and so are
 * the calls of a thread of several at what it has for itself.
 */
function aim({ shares }: Tracer, { what, when }: Point, root: string): { when: number; only: string[] } {
  const [, own] = (shares && /ROOT(\/store\/incoming\/[^/">]+)[">]/.exec(what)) || [];
  const [, written] = /^write\(<ROOT(\/[^>]*)>\)/.exec(what) ?? [];
  const path = own ?? (shares && what.includes(INCOMING) ? undefined : written);
  const nth = / #(\d+)$/.exec(what)?.[1] ?? 1;
  return path ? { when: Number(nth), only: ["-P", root + path] } : { when, only: [] };
}

function tracing(log: string, calls: string): string[] {
  return ["-y", "-qq", "-s", "0", "-o", log, "-e", `trace=${calls}`, "-e", "signal=none"];
}

/** A thread's calls, in order. */
function readCalls(log: string, root: string): Call[] {
  const seen = new Map<string, number>();
  const calls = (existsSync(log) ? readFileSync(log, "utf8") : "")
    .split("\n")
    .flatMap((line) => /^(\w+)\((.*)$/.exec(line) ?? []);
  const found: Call[] = [];
  for (let i = 0; i < calls.length; i += 3) {
    const [line = "", call = "", rest = ""] = calls.slice(i, i + 3);
    const what = normalise(line, root);
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    const disturbed = rest.endsWith("(INJECTED)");
    found.push({ call, what: nth === 1 ? what : `${what} #${nth}`, fails: / = -1 E/.test(rest), disturbed });
  }
  return found;
}

function normalise(line: string, root: string): string {
  return line
    .replace(/ = [^=]*$/, "")
    .replace(/<unfinished \.\.\.>$/, "")
    .replaceAll(root, "ROOT")
    .replace(/, ""\.\.\., \d+/, "")
    .replaceAll(/(?<=[ (])\d+</g, "<")
    .replace(/ = \?.*$/, "")
    .trim();
}

function kindOf(what: string): string {
  return what
    .replace(/ #\d+$/, "")
    .replaceAll(/\.tmp-[0-9a-f]{12}-/g, ".tmp-")
    .replaceAll(/previews\/(\.tmp-)?[a-km-z2-9]{12}-/g, "previews/$1SECRET-")
    .replaceAll(/incoming\/\d+-[0-9a-f]+/g, "incoming/RUN")
    .replaceAll(/traffic\.d\/(\.tmp-)?\d+/g, "traffic.d/N")
    .replaceAll(/\/objects\/[0-9a-f/.x]+/g, "/objects/OBJECT")
    .replaceAll(/\/RUN\/[0-9a-f/.x]+/g, "/RUN/OBJECT")
    .replaceAll(/\/\d\d(\.blue)?"/g, '/NN$1"')
    .replaceAll(/many\/\d+/g, "many/N");
}

function changes(call: string, what: string): boolean {
  if (call === "openat") return /O_CREAT|O_TRUNC/.test(what);
  if (call === "ioctl") return what.includes("FICLONE");
  return true;
}
