import { readdirSync } from "node:fs";
import { orNull } from "../../disk/durable.ts";
import { at, siteOf } from "../../environment/site.ts";
import { isName } from "../../names.ts";
import type { Machine } from "../machine.ts";
import { keyGroup } from "../nginx/key-group.ts";
import { nginxAt, nginxOf } from "../nginx/places.ts";
import { readPid } from "../nginx/program.ts";
import { findFpm, fpmOf, phpAt } from "../php/places.ts";
import { readFpmPid } from "../php/program.ts";

/** A program that keeps logs open, and opens them anew when it gets USR1. */
export interface Writer {
  name: string;
  /** Held by those who look in its log for what it says of a new configuration. */
  lock: string;
  /** Those of its logs that nobody else rotates. */
  files(): string[];
  /** Its master process, null where it doesn't run. */
  pid(): number | null;
  /** Whose members open the logs besides the master; null: nobody else does, or whoever we are. */
  group(): number | null;
}

export function writersOf(root: string, machine: Machine): Writer[] {
  if (machine.router !== "nginx") return [];
  const nginx = nginxWriter(root, machine);
  return machine.unprivileged && findFpm() ? [nginx, fpmWriter(root)] : [nginx];
}

function nginxWriter(root: string, machine: Machine): Writer {
  const nginx = nginxOf(root, machine.unprivileged);
  const own = machine.unprivileged ? [nginx.errors] : [];
  return {
    name: "nginx",
    lock: nginxAt.lock(root),
    files: () => [...own, ...siteLogs(root)],
    pid: () => readPid(nginx),
    group: () => keyGroup(root, nginx, machine),
  };
}

/** The machine's PHP-FPM has its own log, which isn't ours to rotate. */
function fpmWriter(root: string): Writer {
  const fpm = fpmOf(root, true);
  return {
    name: "PHP-FPM",
    lock: phpAt.lock(root),
    files: () => [fpm.errors],
    pid: () => readFpmPid(fpm),
    group: () => null,
  };
}

/** Of environments that nginx has been told of. */
function siteLogs(root: string): string[] {
  const names = orNull(() => readdirSync(nginxAt.sites(root)), "ENOENT") ?? [];
  return names.flatMap((name) => {
    const [project = "", environment = ""] = name.replace(/\.conf$/, "").split("..");
    if (!name.endsWith(".conf") || !isName(project) || !isName(environment)) return [];
    const site = siteOf(root, project, environment);
    return [at.log(site, "access.log"), at.log(site, "error.log")];
  });
}
