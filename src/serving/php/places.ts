import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { orNull } from "../../disk/durable.ts";
import type { Side } from "../../environment/sides.ts";
import { at, type Site } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";

/** Where PHP-FPM's files are below a root. */
export const phpAt = {
  dir: (root: string) => join(root, "php"),
  main: (root: string) => join(root, "php", "php-fpm.conf"),
  pools: (root: string) => join(root, "php", "pools"),
  lock: (root: string) => join(root, "php", "lock"),
  /** Where a side's pool listens. */
  socket: (site: Site, side: Side) => join(at.run(site), `php.${side}.sock`),
};

/** A PHP-FPM that can be told something: Greenroom's own, or the machine's. */
export interface Fpm {
  program: string;
  /** What its program must be told to find its configuration. */
  args: string[];
  /** The folder of its pools, each in a file. */
  pools: string;
  pid: string;
  errors: string;
  /** How a person starts it. */
  start: string;
}

export function fpmOf(root: string, unprivileged: boolean): Fpm {
  const { program, version } = findFpm() ?? missing();
  if (!unprivileged) return fpmOfMachine(program, version);
  const dir = phpAt.dir(root);
  return {
    program,
    args: ["-y", phpAt.main(root)],
    pools: phpAt.pools(root),
    pid: join(dir, "fpm.pid"),
    errors: join(dir, "error.log"),
    start: "greenroom up",
  };
}

/** As Debian has it. */
function fpmOfMachine(program: string, version: string): Fpm {
  return {
    program,
    args: [],
    pools: `/etc/php/${version}/fpm/pool.d`,
    pid: `/run/php/php${version}-fpm.pid`,
    errors: `/var/log/php${version}-fpm.log`,
    start: `systemctl start php${version}-fpm`,
  };
}

function missing(): never {
  throw new GreenroomError("TOOL_MISSING", "PHP-FPM isn't installed", { hint: "apt-get install php-fpm" });
}

/** The newest on this machine, null where there is none. */
export function findFpm(): { program: string; version: string } | null {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  const found = folders.filter((folder) => folder && existsSync(folder)).flatMap(fpmsIn);
  return found.sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }))[0] ?? null;
}

function fpmsIn(folder: string): { program: string; version: string }[] {
  const names = orNull(() => readdirSync(folder), "EACCES", "ENOTDIR", "ENOENT") ?? [];
  return names.flatMap((name) => {
    const [, version] = /^php-fpm(\d+\.\d+)?$/.exec(name) ?? [null, null];
    return version === null ? [] : [{ program: join(folder, name), version: version ?? "" }];
  });
}
