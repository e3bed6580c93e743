import type { App } from "../app.ts";
import { GreenroomError } from "../errors.ts";
import { editServers } from "../project/edit.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { lockStore } from "../release/store.ts";
import { bind, likenessOf, releasesOf } from "../servers/bind.ts";
import { assertMachine } from "../servers/find-server.ts";
import { defineCommand, type Given, value } from "./command.ts";
import { renderOutcome } from "./outcome.ts";
import type { Paint } from "./paint.ts";
import { withMachines } from "./with-place.ts";

export const bindingOptions = {
  storageFrom: value(
    "SERVER",
    "bring what is stored on that server, too; a file there with the same name gives way",
  ),
  like: value("SERVER", "show what that one of the others shows, where they differ among themselves"),
};

export default defineCommand({
  words: ["<environment>", "<server>"],
  options: bindingOptions,
  changes: true,
  examples: [
    "greenroom bind production web4",
    "greenroom bind production web4 --dry-run",
    "greenroom bind production web4 --storage-from web1",
    "greenroom bind production web3 --like web1",
  ],
  run: ({ app, words: [environment, server], options, dryRun }) =>
    bindServer(app, environment!, server!, options, dryRun),
  render: renderBound,
});

/** The server shows what the environment's others show, and only then is it one of them. */
export async function bindServer(
  app: App,
  environment: string,
  server: string,
  { storageFrom, like }: Given<typeof bindingOptions>,
  dryRun: boolean,
) {
  const project = app.project();
  const spec = resolveSpec(project, chooseEnvironment(project, environment));
  assertMachine(project.file, server);
  const others = spec.servers.filter((name) => name !== server);
  if (storageFrom !== undefined) assertOther(others, environment, "--storage-from", storageFrom);
  if (like !== undefined) assertOther(others, environment, "--like", like);
  const { store } = app.world();
  const lock = dryRun ? null : lockStore(store, "shared", {});
  try {
    return await withMachines(app, [server, ...others], async ([newcomer, ...members]) => {
      const { storage } = await newcomer!.basis(spec);
      const about = { environment, server, storage, warnings: [] };
      const models = members.filter(({ name }) => like === undefined || name === like);
      if (dryRun) {
        const likeness = await likenessOf(models, spec);
        const plan = [
          ...(storageFrom === undefined ? [] : [`copy what is stored on ${storageFrom}`]),
          ...(likeness ? describe(likeness, server) : []),
          ...(spec.servers.includes(server) ? [] : [`write ${server} into greenroom.json`]),
        ];
        return { ...about, release: likeness?.live.release ?? null, plan };
      }
      const { emit } = app;
      const from = members.find(({ name }) => name === storageFrom) ?? null;
      const binding = { newcomer: newcomer!, members, models, spec, store, storageFrom: from, emit };
      const likeness = await bind(binding).catch(withWayOut(environment, server));
      if (!spec.servers.includes(server))
        editServers(project.dir, environment, (now) => [...new Set([...now, server])]);
      return { ...about, release: likeness?.live.release ?? null };
    });
  } finally {
    lock?.release();
  }
}

function assertOther(others: string[], environment: string, option: string, name: string): void {
  if (others.includes(name)) return;
  throw new GreenroomError("USAGE", `${name} is no other server of ${environment}`, {
    hint: others.length > 0 ? `name one of: ${others.join(", ")}` : `leave out ${option}`,
  });
}

/** The server knows why, but not by which name it is known here. */
function withWayOut(environment: string, server: string) {
  return (error: unknown): never => {
    if (!(error instanceof GreenroomError) || error.code !== "ENVIRONMENT_LIVE") throw error;
    throw new GreenroomError("ENVIRONMENT_LIVE", error.message, {
      hint: `greenroom unbind ${environment} ${server}; then give the same command again`,
      detail: error.detail,
      cause: error,
    });
  };
}

type Bound = Awaited<ReturnType<typeof bindServer>>;

export function renderBound(bound: Bound, paint: Paint): string {
  const { environment, server, release, storage } = bound;
  return renderOutcome(bound, paint, () =>
    [
      release
        ? `${environment}: ${paint.bold(release)} is live on ${server}, too; greenroom.json names it`
        : `${environment}: greenroom.json names ${server}; nothing is live yet`,
      ...(storage ? [`its storage there is taken up again: ${storage}`] : []),
      ...(release ? [] : [`then: greenroom deploy ${environment}`]),
    ].join("\n"),
  );
}

function describe(likeness: NonNullable<Awaited<ReturnType<typeof likenessOf>>>, server: string): string[] {
  const { live, rehearsal, course } = likeness;
  return [
    ...releasesOf(likeness).map((release) => `bring ${release} to ${server}, unless it is there`),
    ...[live, ...(rehearsal ? [rehearsal] : [])].map(
      ({ release, side }) => `stage ${release} on ${side} there, and check it`,
    ),
    course.share === 0
      ? `let visitors in: all of them see ${live.side}`
      : `let visitors in: ${course.share} of 100 see the rehearsal, the others ${live.side}`,
  ];
}
