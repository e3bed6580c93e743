import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { errnoOf, GreenroomError } from "../errors.ts";
import { planDemotion } from "./privileges.ts";
import { veil } from "./veil.ts";

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

/** A line of the user's, which the shell gets as it is; or a program with its arguments, which no shell sees. */
export type Command = string | string[];

/** Runs it in a process group of its own. What can't start emits `error`. */
export function launch(command: Command, options: Launch): ChildProcess {
  const { cwd, env, user, privileges = "drop", stdio = ["ignore", "pipe", "pipe"] } = options;
  const argv = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  try {
    if (privileges === "keep") return start(argv, { cwd, stdio, env: { ...process.env, ...env } });
    const { wrapper, identity, home } = planDemotion(user);
    const late = veil(wrapper, argv, env);
    return start(late.argv, {
      cwd,
      stdio,
      env: { ...minimalEnvironment(home), ...late.env },
      ...identity,
    });
  } catch (error) {
    throw errnoOf(error) === "E2BIG" ? tooBig(argv, env, error) : error;
  }
}

function start(
  argv: string[],
  options: { cwd: string; stdio: StdioOptions; env: NodeJS.ProcessEnv; uid?: number; gid?: number },
): ChildProcess {
  const [command = "", ...args] = argv;
  return spawn(command, args, { ...options, detached: true });
}

function tooBig(argv: string[], env: Record<string, string>, cause: unknown): GreenroomError {
  const parts = [...Object.entries(env), ["the line", argv.join(" ")] as const];
  const sizes = parts.map(([name, value]) => [name, Buffer.byteLength(value)] as const);
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
