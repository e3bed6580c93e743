import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { errnoOf, GreenroomError } from "../errors.ts";
import { planDemotion } from "./privileges.ts";

export interface Launch {
  cwd: string;
  /** What the process gets besides a minimal environment. */
  env: Record<string, string>;
  /** The account to run as where we are root; null: as ourselves, less all capabilities. */
  user: string | null;
  /** `keep`: a command of the user's own on the user's own machine, with all of the environment. */
  privileges?: "drop" | "keep";
  stdio?: StdioOptions;
}

/** Gives the user's line to the shell as it is, in a process group of its own. What can't start emits `error`. */
export function launch(shellLine: string, options: Launch): ChildProcess {
  const { cwd, env, user, privileges = "drop", stdio = ["ignore", "pipe", "pipe"] } = options;
  const shell = ["/bin/sh", "-c", shellLine];
  if (privileges === "keep") {
    return start(shell, { cwd, stdio, env: { ...process.env, ...env } });
  }
  const { wrapper, identity, home } = planDemotion(user);
  return start([...wrapper, ...shell], {
    cwd,
    stdio,
    env: { ...minimalEnvironment(home), ...env },
    ...identity,
  });
}

function start(
  argv: string[],
  options: { cwd: string; stdio: StdioOptions; env: NodeJS.ProcessEnv; uid?: number; gid?: number },
): ChildProcess {
  const [command = "", ...args] = argv;
  try {
    return spawn(command, args, { ...options, detached: true });
  } catch (error) {
    throw errnoOf(error) === "E2BIG" ? tooBig(argv, options.env, error) : error;
  }
}

function tooBig(argv: string[], env: NodeJS.ProcessEnv, cause: unknown): GreenroomError {
  const parts = [...Object.entries(env), ["the line", argv.join(" ")] as const];
  const sizes = parts.map(([name, value = ""]) => [name, Buffer.byteLength(value)] as const);
  const [name, bytes] = sizes.sort((a, b) => b[1] - a[1])[0]!;
  return new GreenroomError(
    "CONFIG_INVALID",
    `env and the line are more than the kernel passes to a process: ${name} alone has ${bytes} bytes`,
    { hint: "give what is large to the process as a file, for instance with config", cause },
  );
}

export function minimalEnvironment(home: string | undefined): Record<string, string> {
  const { PATH, LANG, TZ, TERM } = process.env;
  const known = Object.entries({ PATH, HOME: home, LANG, TZ, TERM });
  return Object.fromEntries(known.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
