import { readFileSync } from "node:fs";
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

/** The k-th call of that name that the main thread makes, and what it does. */
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

/** What a command changes below its root, call by call. Calls that Node makes for itself are no points. */
export async function findPoints(argv: string[], where: Surroundings, log: string): Promise<Point[]> {
  const { code, output } = await strace(argv, where, log, CHANGING.join(","), []);
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
  argv: string[],
  point: Point,
  where: Surroundings,
  log: string,
): Promise<Disturbed> {
  const { when, only } = aim(point, where.root);
  const inject = [...only, "-e", `inject=${point.call}:signal=KILL:when=${when}`];
  const ran = await strace(argv, where, log, point.call, inject);
  const last = readCalls(log, where.root).at(-1);
  return { ...ran, hit: ran.signal === "SIGKILL" ? (last?.what ?? null) : null };
}

/** What an error makes wait forever is over then. */
const HANGS = 20_000;

/** Makes that call fail without being made. */
export async function failAt(
  argv: string[],
  point: Point,
  error: string,
  where: Surroundings,
  log: string,
): Promise<Disturbed> {
  const { when, only } = aim(point, where.root);
  const inject = [...only, "-e", `inject=${point.call}:error=${error}:when=${when}`];
  const ran = await strace(argv, where, log, point.call, inject, HANGS);
  const hit = readCalls(log, where.root).find((call) => call.disturbed);
  return { ...ran, hit: hit?.what ?? null };
}

/** Writes are counted file by file, because how often Node writes to pipes of its own differs from run to run. */
function aim({ what, when }: Point, root: string): { when: number; only: string[] } {
  const [, path, nth] = /^write\(<ROOT(\/[^>]*)>\)(?: #(\d+))?$/.exec(what) ?? [];
  return path ? { when: Number(nth ?? 1), only: ["-P", root + path] } : { when, only: [] };
}

const PREDICTABLE = resolve("test/faults/harness/predictable.cjs");

function strace(
  argv: string[],
  where: Surroundings,
  log: string,
  calls: string,
  inject: string[],
  limit?: number,
): Promise<Ran> {
  const tracing = ["strace", "-y", "-qq", "-s", "0", "-o", log, "-e", `trace=${calls}`, "-e", "signal=none"];
  const [node = "", ...command] = argv;
  return run([...tracing, ...inject, node, "--require", PREDICTABLE, ...command], where, limit);
}

/**
 * The main thread's calls, in order. It makes all of Greenroom's changes; threads and children are left alone, because
 * strace counts for each of them anew. Not --seccomp-bpf: with it strace 6.1 injects no signals.
 */
function readCalls(log: string, root: string): Call[] {
  const seen = new Map<string, number>();
  const calls = readFileSync(log, "utf8")
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
    .replaceAll(/\/\d\d(\.blue)?"/g, '/NN$1"')
    .replaceAll(/\/objects\/[0-9a-f/.x]+/g, "/objects/OBJECT")
    .replaceAll(/\/RUN\/[0-9a-f/.x]+/g, "/RUN/OBJECT");
}

function changes(call: string, what: string): boolean {
  if (call === "openat") return /O_CREAT|O_TRUNC/.test(what);
  if (call === "ioctl") return what.includes("FICLONE");
  return true;
}
