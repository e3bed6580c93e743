import type { App } from "../app.ts";
import { GreenroomError } from "../errors.ts";
import { editServers } from "../project/edit.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { assertMachine } from "../servers/find-server.ts";
import type { Host } from "../servers/host.ts";
import { assertApart } from "../servers/place.ts";
import { PATIENCE } from "../servers/survey.ts";
import { defineCommand, flag, type Given, value } from "./command.ts";
import { actingOn, withMachines } from "./with-place.ts";

export const leavingOptions = {
  keepStorage: flag(
    "what the app and its visitors have stored stays there, as it does unless told otherwise",
  ),
  deleteStorage: value("ENVIRONMENT", "that goes, too; say the environment's name again"),
  gone: flag("the server can't be reached any more, ever: only greenroom.json is changed"),
};

const options = {
  ...leavingOptions,
  force: flag("although it is the last server of the live production environment"),
};

export default defineCommand({
  words: ["<environment>", "<server>"],
  options,
  changes: true,
  examples: [
    "greenroom unbind production web1",
    "greenroom unbind staging web1 --delete-storage staging",
    "greenroom unbind production web1 --gone",
  ],
  run: ({ app, words: [environment, server], options, dryRun }) =>
    unbindServer(app, environment!, server!, options, dryRun),
  render: renderUnbound,
});

/** The environment leaves the server, and only then greenroom.json forgets that it was there. */
export async function unbindServer(
  app: App,
  environment: string,
  server: string,
  given: Given<typeof options>,
  dryRun: boolean,
) {
  const project = app.project();
  const spec = resolveSpec(project, chooseEnvironment(project, environment));
  assertMachine(project.file, server);
  const deletes = wantsDeletion(environment, server, given);
  const left = spec.servers.filter((name) => name !== server);
  const leave = async ([host]: Host[]) => {
    await assertApartFrom(app, host!, left);
    const force = given.force || left.length > 0;
    const place = actingOn(host!, spec);
    return place
      .operate("remove", { force, storage: deletes, dryRun })
      .catch(unlessGone(environment, server));
  };
  const { storage } = given.gone ? { storage: null } : await withMachines(app, [server], leave);
  const isNamed = spec.servers.includes(server);
  if (!dryRun && isNamed)
    editServers(project.dir, environment, (now) => now.filter((name) => name !== server));
  return { environment, server, servers: left, storage, touched: !given.gone, dryRun };
}

/** It mustn't be taken from one that stays, by another name; one that gives no answer is none that this one is. */
async function assertApartFrom(app: App, leaving: Host, others: string[]): Promise<void> {
  const opened = await Promise.allSettled(others.map((name) => app.host(name, PATIENCE)));
  const staying = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  await Promise.all(staying.map((host) => host.close()));
  assertApart([...staying, leaving]);
}

type Unbound = Awaited<ReturnType<typeof unbindServer>>;

export function renderUnbound({ environment, server, servers, storage, touched, dryRun }: Unbound): string {
  const [does, stays] = dryRun ? ["would be", "would stay"] : ["is", "stays"];
  return [
    touched
      ? `${environment} ${does} off ${server}${storage ? `; its storage ${stays} there, in ${storage}` : ""}`
      : `${environment}: greenroom.json ${dryRun ? "would forget" : "forgets"} ${server}; nothing was done there`,
    servers.length > 0
      ? `it is on ${servers.join(", ")}`
      : `it is on no server; to start over elsewhere: greenroom bind ${environment} SERVER`,
  ].join("\n");
}

function wantsDeletion(
  environment: string,
  server: string,
  { keepStorage, deleteStorage, gone }: Given<typeof options>,
): boolean {
  if (deleteStorage === undefined) return false;
  if (deleteStorage === environment && !keepStorage && !gone) return true;
  throw new GreenroomError("USAGE", `what is to become of the storage of ${environment} on ${server}?`, {
    hint: `to delete it: greenroom unbind ${environment} ${server} --delete-storage ${environment}`,
  });
}

/** Given again after it died halfway, it finds nothing there any more. */
function unlessGone(environment: string, server: string) {
  return (error: unknown): { storage: null } => {
    if (!(error instanceof GreenroomError)) throw error;
    if (error.code === "ENVIRONMENT_MISSING") return { storage: null };
    if (error.code !== "ENVIRONMENT_LIVE") throw error;
    throw new GreenroomError("ENVIRONMENT_LIVE", `${environment} is live, and ${server} its only server`, {
      hint: `if it is to go: greenroom unbind ${environment} ${server} --force`,
      cause: error,
    });
  };
}
