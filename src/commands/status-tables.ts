import { describeCertificate } from "../environment/tls/certificate-state.ts";
import { describeSkew, isOff } from "../servers/clock.ts";
import type { View } from "../servers/view.ts";
import { describeFailing, SHOWN } from "../serving/supervisor/failing.ts";
import { humanAge, humanBytes, type Paint } from "./paint.ts";
import type { EnvironmentStatus, Status } from "./status.ts";

/** All of it within the 80 columns of a terminal, as long as names and versions are no longer than usual. */
export function renderStatus({ project, up, here, servers, environments }: Status, paint: Paint): string {
  const known = environments.flatMap((one) => (one.live === undefined ? [] : [one as Known]));
  return [
    `${paint.bold(project)}${known.length > 0 ? `\n${renderSides(known, paint)}` : ""}`,
    renderDeployments(known, paint),
    renderAddresses(known, paint),
    renderFailing(known, paint),
    renderCertificates(known, paint),
    renderServers(servers, paint),
    ...environments.map((one) => renderPromise(one, paint)),
    ...environments.map((one) => renderDifferences(one, paint)),
    here && !up ? "greenroom up isn't running here; to start it: greenroom up" : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

type Known = Omit<View, "up"> & Pick<EnvironmentStatus, "name" | "differ" | "servers">;

function renderSides(environments: Known[], paint: Paint): string {
  const anyPaused = environments.some(({ paused }) => paused !== null);
  return paint.table(
    ["environment", "live", "rehearsal", "checks", "blue/green", ...(anyPaused ? ["paused"] : [])],
    environments.map(({ name, paused, ...view }) => [
      name,
      ...sidesOf(view),
      ...(anyPaused ? [describePause(paused)] : []),
    ]),
  );
}

function sidesOf({ live, rehearsal, traffic }: Pick<Known, "live" | "rehearsal" | "traffic">): string[] {
  return [
    live ? `${live.release} (${live.side})` : "nothing",
    rehearsal.release ? `${rehearsal.release} (${rehearsal.side})` : `nothing (${rehearsal.side})`,
    rehearsal.release ? rehearsal.checks : "-",
    `${traffic.blue}/${traffic.green}`,
  ];
}

/** A pause that is over goes on keeping visitors out. */
function describePause(until: string | null): string {
  if (until === null) return "no";
  return Date.parse(until) > Date.now() ? `requests wait until ${until}` : `turned away since ${until}`;
}

function renderDeployments(environments: Known[], paint: Paint): string {
  const rows = environments.flatMap(({ name, deployed, processes }) =>
    deployed ? [[name, humanAge(deployed.at), deployed.operation, deployed.by, `${processes.length}`]] : [],
  );
  return rows.length === 0 ? "" : paint.table(["environment", "moved", "by a", "of", "processes"], rows);
}

const WIDTH = 80;

function renderAddresses(environments: Known[], paint: Paint): string {
  if (environments.length === 0) return "";
  const rows = environments.map(({ name, rehearsal, urls }) => [
    name,
    urls.live,
    (rehearsal.release && urls.rehearsal) ?? "-",
  ]) as [string, string, string][];
  const beside = paint.table(["environment", "live at", "rehearsal at"], rows);
  if (beside.split("\n").every((line) => line.length <= WIDTH)) return beside;
  const below = rows.flatMap(([name, live, rehearsal]) => [
    [name, live],
    ["", rehearsal],
  ]);
  return paint.table(["environment", "live, and rehearsal at"], below);
}

function renderFailing(environments: Known[], paint: Paint): string {
  const rows = environments.flatMap(({ name, failing }) =>
    failing.flatMap((process) => [
      [name, process.side, process.name, describeFailing(process)],
      ...process.lastLines.slice(-SHOWN).map((line) => ["", "", "", `  ${line}`]),
    ]),
  );
  return rows.length === 0 ? "" : paint.table(["environment", "side", "process", "has"], rows);
}

function renderCertificates(environments: Known[], paint: Paint): string {
  const rows = environments.flatMap(({ name, certificates }) =>
    certificates.map((certificate) => [name, certificate.host, describeCertificate(certificate)]),
  );
  return rows.length === 0 ? "" : paint.table(["environment", "certificate of", "is"], rows);
}

function renderServers(servers: Status["servers"], paint: Paint): string {
  const reached = servers.flatMap(({ name, machine }) => (machine ? [{ name, ...machine }] : []));
  const table = paint.table(
    ["server", "greenroom up", "disk left", "clock", "Node"],
    reached.map(({ name, up, disk, skew, node }) => [
      name,
      up ? "runs" : "doesn't run",
      `${humanBytes(disk.free)} of ${humanBytes(disk.size)}`,
      isOff(skew) ? describeSkew(skew) : "right",
      node,
    ]),
  );
  const silent = servers.flatMap(({ name, problem }) =>
    problem ? [`${name}  ${paint.red("no answer")}: ${problem.message}`] : [],
  );
  return [...(reached.length > 0 ? [table] : []), ...silent].join("\n");
}

/** The first server that promised may be another than the one whose view is shown. */
function renderPromise({ name, servers }: EnvironmentStatus, paint: Paint): string {
  const promised = servers.flatMap((one) => one.promised ?? [])[0];
  if (!promised) return "";
  const { operation, servers: all, by, at } = promised;
  return `${name} is ${paint.yellow(`about to do a ${operation}`)} on ${all.join(", ")}, since ${at} (${by})
if nobody is at it any more: greenroom recover ${name}`;
}

function renderDifferences({ name, differ, servers }: EnvironmentStatus, paint: Paint): string {
  if (differ.length === 0) return "";
  const rows = servers.flatMap((one) =>
    one.live === undefined ? [] : [[one.name, ...sidesOf(one as Known)]],
  );
  const table = paint.table(["server", "live", "rehearsal", "checks", "blue/green"], rows);
  return `${paint.yellow("the servers")} of ${name} differ: ${differ.join(", ")}\n${table}`;
}
