import type { App } from "../app.ts";
import { GreenroomError } from "../errors.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { describeSkew, isOff } from "../servers/clock.ts";
import { LOCAL } from "../servers/server.ts";
import { differences, type Seen, survey } from "../servers/survey.ts";
import type { View } from "../servers/view.ts";
import { isUp } from "../serving/supervisor/up-state.ts";
import { defineCommand } from "./command.ts";
import { renderStatus } from "./status-tables.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: false,
  examples: ["greenroom status", "greenroom status production --json"],
  run: ({ app, words }) => statusOf(app, words[0]),
  render: renderStatus,
  failure: ({ servers }) => {
    const silent = servers.flatMap(({ problem }) => problem ?? []);
    if (silent.length === 0) return null;
    const { hint } = silent[0]!;
    return new GreenroomError(
      "SERVER_UNREACHABLE",
      `${silent.length} of ${servers.length} servers gave no answer`,
      {
        detail: silent.map(({ message }) => message),
        ...(hint === null ? {} : { hint }),
      },
    );
  },
});

export type Status = Awaited<ReturnType<typeof statusOf>>;

/** What the first server shows that could be asked; nothing of it where none could. */
export type EnvironmentStatus = Status["environments"][number];

async function statusOf(app: App, environment: string | undefined) {
  const project = app.project();
  const { environments } = project.file;
  const names = environment ? [chooseEnvironment(project, environment)] : Object.keys(environments);
  const specs = names.map((name) => resolveSpec(project, name));
  const servers = [...new Set(specs.flatMap((spec) => spec.servers))];
  const seen = await survey(servers, specs, app.host);
  for (const { name, machine } of seen) {
    if (machine && isOff(machine.skew))
      app.emit({ event: "warning", text: `${name}'s clock is ${describeSkew(machine.skew)}` });
  }
  return {
    project: project.file.project,
    /** Whether a `greenroom up` serves the root here; another web server may. */
    up: isUp(app.root),
    /** Whether this machine holds any of the environments. */
    here: seen.some(({ name }) => name === LOCAL),
    servers: seen.map(({ name, machine, problem }) => ({ name, machine, problem })),
    environments: specs.map(({ environment: name, servers }) => environmentStatus(name, servers, seen)),
  };
}

function environmentStatus(name: string, servers: string[], seen: Seen[]) {
  const mine = seen.filter((server) => servers.includes(server.name));
  const views = mine.flatMap(({ name: server, views: { [name]: view } }) => (view ? [{ server, view }] : []));
  return {
    name,
    ...(views[0] ? shown(views[0].view) : {}),
    /** In what its servers differ. */
    differ: differences(views.map(({ view }) => view)),
    servers: mine.map(({ name: server, views: { [name]: view } }) => ({
      name: server,
      ...(view ? shown(view) : {}),
    })),
  };
}

/** Whether `greenroom up` runs is said of the server. */
function shown(seen: View) {
  const { up: _, ...view } = seen;
  return view;
}
