import { existsSync, readFileSync } from "node:fs";

/** A line of strace's log. */
export interface Call {
  call: string;
  /** The call as it is in every run of the command. */
  what: string;
  fails: boolean;
  disturbed: boolean;
}

/** A thread's calls, in order. */
export function readCalls(log: string, root: string): Call[] {
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

/** The same for all calls of a kind. */
export function kindOf(what: string): string {
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

/** Whether it changes anything, where others of its name do. */
export function changes(call: string, what: string): boolean {
  if (call === "openat") return /O_CREAT|O_TRUNC/.test(what);
  if (call === "ioctl") return what.includes("FICLONE");
  return true;
}
