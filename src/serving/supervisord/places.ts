import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { orNull } from "../../disk/durable.ts";
import type { ProcessPlan } from "../supervisor/want.ts";

/** A supervisord that can be told something: Greenroom's own, or the machine's. */
export interface Supervisord {
  root: string;
  own: boolean;
  /** Where it answers. */
  socket: string;
  /** Where it looks for programs. */
  programs: string;
}

export const supervisordAt = {
  dir: (root: string) => join(root, "supervisor"),
  config: (root: string) => join(root, "supervisor", "supervisord.conf"),
  log: (root: string) => join(root, "supervisor", "supervisord.log"),
  /** How programs are started: by a script each, which holds their variables. */
  scripts: (root: string) => join(root, "supervisor", "programs"),
};

/** Where Debian's supervisord, and others, look for what is added to them. */
export const MACHINE = {
  config: "/etc/supervisor/supervisord.conf",
  programs: "/etc/supervisor/conf.d",
  socket: "/var/run/supervisor.sock",
};

export function supervisordOf(root: string, unprivileged: boolean): Supervisord {
  if (!unprivileged) return { root, own: false, socket: machineSocket(), programs: MACHINE.programs };
  const dir = supervisordAt.dir(root);
  return { root, own: true, socket: join(dir, "supervisord.sock"), programs: supervisordAt.scripts(root) };
}

function machineSocket(): string {
  const text = orNull(() => readFileSync(MACHINE.config, "utf8"), "ENOENT", "EACCES") ?? "";
  return /^\[unix_http_server\][^[]*?^file\s*=\s*(\S+)/m.exec(text)?.[1] ?? MACHINE.socket;
}

/** Begins the names of all programs of a root: a machine's supervisord may serve several. */
export function prefixOf(root: string): string {
  return `greenroom-${hash(root, 6)}-`;
}

/** A program is named for what should run, so that it is found again; another want is another program. */
export function programOf({ site, want, name }: Pick<ProcessPlan, "site" | "want" | "name">): string {
  const parts = [site.project, site.environment, want.side, hash(want.key, 8), name];
  return prefixOf(site.root) + parts.join("..");
}

/** Begins the names of a site's programs. */
export function sitePrefixOf({ root, project, environment }: ProcessPlan["site"]): string {
  return `${prefixOf(root)}${project}..${environment}..`;
}

export function confOf({ programs }: Supervisord, program: string): string {
  return join(programs, `${program}.conf`);
}

export function scriptOf({ root }: Supervisord, program: string): string {
  return join(supervisordAt.scripts(root), `${program}.sh`);
}

/** The leader that a program's script became last. */
export function pidOf({ root }: Supervisord, program: string): string {
  return join(supervisordAt.scripts(root), `${program}.pid`);
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
