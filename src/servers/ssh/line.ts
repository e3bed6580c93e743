import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { GreenroomError } from "../../errors.ts";
import type { Server } from "../server.ts";
import { writePinned } from "./host-keys.ts";
import { readOpening } from "./opening.ts";
import { sshArgv } from "./options.ts";
import { explainSsh } from "./refusals.ts";
import { ABSENT, type Bundle, NO_NODE, startScript } from "./script.ts";

/** The program at the other end of a line: what it reads, and what it says. */
export interface Line {
  write(bytes: Buffer): Promise<void>;
  said: Readable;
  /** Lets the other side finish what it does, and end. */
  close(): Promise<void>;
  /** Ends it at this end, whatever goes on at the other. */
  cut(): void;
  /** Why the line went away, in words. */
  why(): Promise<GreenroomError>;
}

/** How many seconds one who only looks waits: for a connection, and for all that it is to bring, if that has an end. */
export interface Patience {
  connect: number;
  whole: number | null;
}

/** Starts the program on a server, over one connection; brings it there first where it isn't. */
export async function openLine(server: Server, bundle: Bundle, patience?: Patience): Promise<Line> {
  const pinned = writePinned(server);
  const [command, ...args] = sshArgv(server, pinned.file, patience?.connect);
  const child = spawn(command!, [...args, startScript(server.root, bundle)], { stdio: "pipe" });
  const errors = gather(child);
  const cut = () => void child.kill();
  const timer = patience?.whole ? setTimeout(cut, patience.whole * 1000) : undefined;
  const ended = once(child, "close").finally(() => {
    clearTimeout(timer);
    pinned.forget();
  });
  child.stdin.on("error", () => {});
  const why = async () => {
    await ended;
    return explainSsh(server, errors());
  };
  const write = async (bytes: Buffer) => {
    if (child.stdin.write(bytes)) return;
    // A line that breaks just then is found by who waits for the answer.
    await Promise.race([once(child.stdin, "drain").catch(() => {}), ended]);
  };
  const said = new PassThrough();
  const close = async () => {
    child.stdin.end();
    await ended;
  };
  try {
    const opening = await readOpening(child, server.name, why);
    if (opening.indexOf(NO_NODE) === 0) throw lacksNode(server);
    if (opening.indexOf(ABSENT) === 0) await write(bundle.content);
    else said.write(opening);
    child.stdout.pipe(said);
    return { write, said, close, cut, why };
  } catch (error) {
    child.kill();
    await ended;
    throw error;
  }
}

function gather(child: ChildProcess): () => string {
  let text = "";
  child.stderr!.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-16_384);
  });
  return () => text;
}

function lacksNode({ name }: Server): GreenroomError {
  return new GreenroomError("TOOL_MISSING", `${name} has no Node.js, or none that a login finds`, {
    hint: `greenroom provision ${name}, or install Node.js 20.19 or newer there`,
  });
}
