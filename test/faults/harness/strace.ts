import { changes, kindOf, readCalls } from "./calls.ts";
import type { Ran, Surroundings } from "./program.ts";
import type { Tracer } from "./tracers.ts";

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
  what: string;
  /** The same for all points of a kind: buckets and generations are alike. */
  kind: string;
  /** Whether it fails in an undisturbed run already, like mkdir of what is there. */
  fails: boolean;
}

/** A system call that fails, once. */
export interface Failing {
  point: Point;
  error: string;
}

/** A command of which strace sees a thread, and where it writes down what it sees. */
export interface Traced {
  tracer: Tracer;
  argv: string[];
  where: Surroundings;
  log: string;
}

/** What a thread changes below the command's root, call by call. Calls that Node makes for itself are no points. */
export async function findPoints({ tracer, argv, where, log }: Traced): Promise<Point[]> {
  const { code, output } = await tracer.run(tracing(log, CHANGING.join(",")), argv, where);
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
export async function killAt({ tracer, argv, where, log }: Traced, point: Point): Promise<Disturbed> {
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
  { tracer, argv, where, log }: Traced,
  { point, error }: Failing,
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
