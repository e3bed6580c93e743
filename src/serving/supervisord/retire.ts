import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { orNull } from "../../disk/durable.ts";
import { removeTree } from "../../disk/remove.ts";
import type { Site } from "../../environment/site.ts";
import { readDaemon } from "./daemon.ts";
import { prefixOf, type Supervisord, sitePrefixOf, supervisordAt, supervisordOf } from "./places.ts";
import { dropProgram, listInfos } from "./processes.ts";
import { removeProgram } from "./program.ts";
import { call } from "./rpc.ts";

/** Ends all that any supervisord runs for a root, and takes away what was written for it. */
export async function retire(root: string): Promise<void> {
  const machine = supervisordOf(root, false);
  if (programFiles(machine).length > 0) await dropUnwanted(machine, () => false);
  const own = supervisordOf(root, true);
  const pid = await readDaemon(own);
  if (pid !== null) {
    await dropUnwanted(own, () => false);
    await call(own, "supervisor.shutdown");
    while ((await readDaemon(own)) !== null) await pause(50);
  }
  removeTree(supervisordAt.dir(root));
}

/** Ends all that any supervisord runs for an environment. */
export async function forgetPrograms(site: Site): Promise<void> {
  const isOther = (program: string) => !program.startsWith(sitePrefixOf(site));
  for (const place of [supervisordOf(site.root, true), supervisordOf(site.root, false)]) {
    if (!programFiles(place).every(isOther)) await dropUnwanted(place, isOther);
  }
}

/** Ends what should not run; where supervisord can't be reached, it won't be started by it any more. */
export async function dropUnwanted(
  supervisord: Supervisord,
  isWanted: (program: string) => boolean,
): Promise<void> {
  const running =
    (await readDaemon(supervisord)) === null ? [] : await listInfos(supervisord, prefixOf(supervisord.root));
  const names = running.map(({ name }) => name).filter((name) => !isWanted(name));
  await Promise.all(names.map((name) => dropProgram(supervisord, name)));
  for (const name of programFiles(supervisord)) if (!isWanted(name)) removeProgram(supervisord, name);
}

function programFiles({ root, programs }: Supervisord): string[] {
  const names = orNull(() => readdirSync(programs), "ENOENT", "EACCES") ?? [];
  const ours = names.filter((name) => name.startsWith(prefixOf(root)) && name.endsWith(".conf"));
  return ours.map((name) => name.slice(0, -".conf".length));
}
