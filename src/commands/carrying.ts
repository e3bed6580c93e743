import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { countOf } from "../events.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { findServer } from "../servers/find-server.ts";
import { LOCAL } from "../servers/server.ts";
import { type Carried, carry } from "../servers/storage/carry.ts";
import { type Context, flag, value } from "./command.ts";
import { humanBytes, type Paint } from "./paint.ts";
import { askAll, chooseServers } from "./with-place.ts";

export const carryingOptions = {
  server: value("NAME", "only this one of the environment's servers"),
  delete: flag("also remove what the other side hasn't"),
};

export interface Moved {
  environment: string;
  path: string;
  directory: string;
  dryRun: boolean;
  servers: Carried[];
}

/** What `pull` and `push` have in common. */
export async function move(
  { app, options, dryRun }: Context<typeof carryingOptions>,
  way: "pull" | "push",
  [environment, path, folder]: string[],
): Promise<Moved> {
  const project = app.project();
  const spec = resolveSpec(project, chooseEnvironment(project, environment));
  const chosen = chooseServers(spec, options.server);
  const named = path!.replace(/\/+$/, "");
  const whole = resolve(folder!);
  const directory = existsSync(whole) ? realpathSync(whole) : whole;
  // What is alike on all of them is taken from the first.
  const servers = await askAll(app, way === "pull" ? chosen.slice(0, 1) : chosen, (host) =>
    carry({
      host,
      server: host.name === LOCAL ? null : findServer(project.file, host.name),
      spec,
      path: named,
      directory,
      way,
      deletes: options.delete,
      dryRun,
      emit: app.emit,
    }),
  );
  return { environment: spec.environment, path: named, directory, dryRun, servers };
}

export function renderMoved({ servers, dryRun }: Moved, paint: Paint): string {
  return servers.map((one) => renderOne(one, dryRun, paint)).join("\n");
}

/** So many names are shown. */
const SHOWN = 20;

function renderOne({ server, by, sent, removed, skipped }: Carried, dryRun: boolean, paint: Paint): string {
  const bytes = sent.reduce((sum, one) => sum + one.bytes, 0);
  const would = dryRun ? "would be " : "";
  const names = dryRun
    ? [...sent.map(({ path }) => `  ${path}`), ...removed.map((path) => `  ${path} (removed)`)]
    : [];
  return [
    `${paint.bold(server)}: ${countOf(sent.length, "file")} (${humanBytes(bytes)}) ${would}carried by ${by}`,
    ...(removed.length > 0 ? [`${countOf(removed.length, "name")} ${would}removed`] : []),
    ...names.slice(0, SHOWN),
    ...(names.length > SHOWN ? [`  and ${names.length - SHOWN} more; all of them: --json`] : []),
    ...(skipped.length > 0 ? [`left out, as no plain files: ${skipped.slice(0, SHOWN).join(", ")}`] : []),
  ].join("\n");
}
