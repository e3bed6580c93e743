import type { App } from "../app.ts";
import { mergeByTime } from "../environment/logs/log-lines.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import type { Host } from "../servers/host.ts";
import { defineCommand, flag, type Given, value } from "./command.ts";
import { renderAccess } from "./log-access.ts";
import { followLog } from "./log-follow.ts";
import { renderLines } from "./log-lines.ts";
import { renderOperations } from "./log-operations.ts";
import { askEach, chooseServers } from "./with-place.ts";

const options = {
  server: value("NAME", "only what this server has"),
  follow: flag("go on with what is added, until Ctrl-C"),
  last: value("N", "only operations, as a table: the last N"),
  access: flag("only what visitors asked for, as a table, with the release that answered"),
  lines: value("N", "how many lines or requests to show; 20 unless told"),
};

export default defineCommand({
  words: ["[environment]"],
  options,
  changes: false,
  examples: [
    "greenroom log production",
    "greenroom log production --follow",
    "greenroom log production --server web2 --lines 200",
    "greenroom log production --last 100 --json",
    "greenroom log production --access --lines 50",
  ],
  async run({ app, words, options }): Promise<Log> {
    assertTogether(options);
    const project = app.project();
    const whole = resolveSpec(project, chooseEnvironment(project, words[0]));
    const spec = { ...whole, servers: chooseServers(whole, options.server) };
    const count = countFrom(options);
    if (options.follow) return followLog(app, spec, count);
    if (options.access) return requestsOf(app, spec, count);
    return options.last === undefined ? linesOf(app, spec, count) : operationsOf(app, spec, count);
  },
  render(log, paint) {
    if ("requests" in log) return renderAccess(log, paint);
    if ("operations" in log) return renderOperations(log, paint);
    return "lines" in log ? renderLines(log, paint) : `${log.told} lines`;
  },
});

type Log =
  | Awaited<ReturnType<typeof requestsOf>>
  | Awaited<ReturnType<typeof operationsOf>>
  | Awaited<ReturnType<typeof linesOf>>
  | Awaited<ReturnType<typeof followLog>>;

async function linesOf(app: App, spec: EnvironmentSpec, count: number) {
  const all = await ofEach(app, spec, async (host) => (await host.lines(spec, count, null)).lines);
  return { ...placeOf(spec), lines: mergeByTime(all).slice(-count) };
}

async function requestsOf(app: App, spec: EnvironmentSpec, count: number) {
  const all = await ofEach(app, spec, (host) => host.requests(spec, count));
  return { ...placeOf(spec), requests: mergeByTime(all).slice(-count) };
}

async function operationsOf(app: App, spec: EnvironmentSpec, count: number) {
  let torn = 0;
  const all = await ofEach(app, spec, async (host) => {
    const answer = await host.operations(spec, count);
    torn += answer.torn;
    return answer.operations;
  });
  return { ...placeOf(spec), torn, operations: mergeByTime(all).slice(-count) };
}

/** What each server has, with its name. */
function ofEach<T extends object>(app: App, spec: EnvironmentSpec, ask: (host: Host) => Promise<T[]>) {
  return askEach(app, spec.servers, async (host) =>
    (await ask(host)).map((one) => ({ server: host.name, ...one })),
  );
}

function placeOf({ environment, servers }: EnvironmentSpec) {
  return { environment, servers };
}

function assertTogether({ access, last, follow, lines }: Given<typeof options>): void {
  const message =
    access && last !== undefined
      ? "--last counts operations, not requests"
      : lines !== undefined && last !== undefined
        ? "--last counts operations, --lines all others"
        : follow && (access || last !== undefined)
          ? "--follow tells of all logs, --access and --last of one"
          : null;
  if (message !== null) throw new GreenroomError("USAGE", message, { hint: "greenroom log --help" });
}

function countFrom({ last, lines }: Given<typeof options>): number {
  const [option, text] = last === undefined ? ["lines", lines ?? "20"] : ["last", last];
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new GreenroomError("USAGE", `--${option} takes a whole number, not ${JSON.stringify(text)}`);
}
