import { spawnSync } from "node:child_process";
import { GreenroomError } from "../../errors.ts";
import { findNginx } from "./program.ts";

/** What the machine's own nginx is told by somebody else. */
export interface Config {
  /** All files that it reads. */
  files: Map<string, string>;
  /** Whom its workers run as: `www-data`, or `www-data:web`. */
  user: string;
}

export function readConfig(): Config {
  const program = findNginx();
  const { status, stdout, stderr } = spawnSync(program, ["-T", "-q"], {
    encoding: "utf8",
    maxBuffer: LARGE,
  });
  if (status !== 0) {
    throw new GreenroomError("ROUTER_REFUSED", "nginx refuses the configuration that it has already", {
      hint: "mend what nginx names, then give the command again",
      detail: stderr.trim().split("\n").slice(-5),
    });
  }
  const [, ...parts] = stdout.split(/^# configuration file (.+):$/m);
  const files = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) files.set(parts[i]!, parts[i + 1]!);
  const [, user, group] = /^\s*user\s+([^\s;]+)(?:\s+([^\s;]+))?/m.exec(stdout) ?? [];
  return { files, user: user && group ? `${user}:${group}` : (user ?? builtInUser(program)) };
}

/** Thousands of sites are some kilobytes each. */
const LARGE = 1024 ** 3;

function builtInUser(program: string): string {
  const { stderr } = spawnSync(program, ["-V"], { encoding: "utf8" });
  return /--user=(\S+)/.exec(stderr)?.[1] ?? "nobody";
}
