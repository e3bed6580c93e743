import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeTemporary } from "../../disk/temporary.ts";
import { GreenroomError } from "../../errors.ts";
import type { Server } from "../server.ts";
import { writePinned } from "./host-keys.ts";
import { sshArgv } from "./options.ts";
import { quoteWords } from "./quote.ts";
import { explainSsh } from "./refusals.ts";
import { type Ended, type Input, runToEnd } from "./run.ts";

/** A socket's path is no longer than 107 bytes, and ssh adds to it while it makes one. */
const SOCKET_ROOM = 60;

/** Runs programs on a server as root, all over one connection. */
export interface Shell {
  /** The port by which ssh comes in there; null where the server can't tell. */
  port: number | null;
  /** Resolves once it has ended, however it did. */
  run(argv: string[], input?: Input): Promise<Ended>;
  close(): Promise<void>;
}

/** `lock` is a file there that is held until the shell is closed, or the line is cut; null: nobody is kept out. */
export async function openShell(server: Server, lock: string | null): Promise<Shell> {
  const dir = makeTemporary("ssh", tmpdir().length > SOCKET_ROOM ? "/tmp" : tmpdir());
  const pinned = writePinned(server);
  const argv = (master: "yes" | "no", words: string[]) => {
    const [ssh, ...args] = sshArgv(server, pinned.file);
    const shared = ["-o", `ControlMaster=${master}`, "-o", `ControlPath=${join(dir, "line")}`];
    return [ssh!, ...shared, ...args, quoteWords(words)] as const;
  };
  const [command, ...args] = argv("yes", ["sh", "-c", HOLD, "greenroom", lock ?? ""]);
  // It reads from us, so that it ends with us, whatever our end is.
  const master = spawn(command, args, { stdio: "pipe" });
  const ended = once(master, "close");
  const close = async () => {
    master.stdin.end();
    await ended;
    pinned.forget();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const { port, as } = await greet(server, master, ended);
    const run: Shell["run"] = async (words, input = {}) => {
      const [program, ...rest] = argv("no", [...as, ...words]);
      const result = await runToEnd(spawn(program, rest, { stdio: "pipe" }), input);
      if (result.code === 255 && master.exitCode !== null) throw cut(server, result.lastLines);
      return result;
    };
    return { port, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// What a login shell has said before, on a line that it didn't end, isn't ours.
const HOLD = `
echo
as=
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || { echo "barred $(id -un)"; exit 0; }
  as="sudo -n"
fi
words="ready \${SSH_CONNECTION##* } $as"
if [ -z "$1" ]; then echo "$words"; exec cat; fi
$as flock -n -E 75 "$1" sh -c 'echo "$1"; exec cat' greenroom "$words"
[ $? = 75 ] && echo busy
`;

async function greet(
  server: Server,
  master: ChildProcess,
  ended: Promise<unknown>,
): Promise<{ port: number | null; as: string[] }> {
  let errors = "";
  master.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-16_384);
  });
  master.stdin!.on("error", () => {});
  for await (const line of createInterface({ input: master.stdout! })) {
    const [word, ...rest] = line.split(" ");
    if (word === "ready") {
      const port = Number(rest[0]);
      return { port: port > 0 && port < 65_535 ? port : null, as: rest.slice(1).filter(Boolean) };
    }
    if (word === "barred") throw barred(server, rest[0]!);
    if (word === "busy") throw busy(server);
    if (line.startsWith('{"hello"')) throw restricted(server);
  }
  await ended;
  throw explainSsh(server, errors);
}

function barred({ name }: Server, account: string): GreenroomError {
  return new GreenroomError("SERVER_UNFIT", `on ${name} ${account} may not become root without a password`, {
    hint: `greenroom provision ${name} --as root, or as root there: echo '${account} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${account}`,
  });
}

function busy({ name }: Server): GreenroomError {
  return new GreenroomError("LOCKED", `somebody else provisions ${name} just now`, {
    hint: "give the same command again when that has ended",
  });
}

function restricted({ name }: Server): GreenroomError {
  return new GreenroomError("SERVER_REFUSED", `${name} takes nothing but operations from this key`, {
    hint: "log in by another one",
  });
}

function cut({ name }: Server, detail: string[]): GreenroomError {
  return new GreenroomError("LINE_CUT", `the line to ${name} was cut`, {
    hint: "give the same command again: it goes on where it was",
    detail,
  });
}
