import type { App } from "../app.ts";
import { describeCertificate } from "../environment/certificate-state.ts";
import { chooseEnvironment } from "../project/resolve.ts";
import { describeFailing, SHOWN } from "../serving/supervisor/failing.ts";
import { isUp } from "../serving/supervisor/up-state.ts";
import { defineCommand } from "./command.ts";
import type { Paint } from "./paint.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: false,
  examples: ["greenroom status", "greenroom status production --json"],
  async run({ app, words }) {
    const project = app.project();
    const names = words[0] ? [chooseEnvironment(project, words[0])] : Object.keys(project.file.environments);
    return {
      project: project.file.project,
      /** Whether a `greenroom up` serves the root; another web server may. */
      up: isUp(app.root),
      environments: await Promise.all(names.map((name) => statusOf(app, name))),
    };
  },
  render: ({ project, up, environments }, paint) =>
    `${paint.bold(project)}\n${paint.table(
      [
        "environment",
        "live",
        "rehearsal",
        "checks",
        "blue/green",
        ...(somePaused(environments) ? ["paused"] : []),
      ],
      environments.map(({ name, live, rehearsal, traffic, paused }) => [
        name,
        live ? `${live.release} (${live.side})` : "nothing",
        rehearsal.release ? `${rehearsal.release} (${rehearsal.side})` : `nothing (${rehearsal.side})`,
        rehearsal.release ? rehearsal.checks : "-",
        `${traffic.blue}/${traffic.green}`,
        ...(somePaused(environments) ? [describePause(paused)] : []),
      ]),
    )}\n\n${paint.table(
      ["environment", "live at", "rehearsal at"],
      environments.map(({ name, rehearsal, urls }) => [
        name,
        urls.live,
        (rehearsal.release && urls.rehearsal) ?? "-",
      ]),
    )}${renderFailing(environments, paint)}${renderCertificates(environments, paint)}${up ? "" : "\n\ngreenroom up isn't running here; to start it: greenroom up"}`,
});

type Status = Awaited<ReturnType<typeof statusOf>>;

function somePaused(environments: Status[]): boolean {
  return environments.some(({ paused }) => paused !== null);
}

/** A pause that is over goes on keeping visitors out. */
function describePause(until: string | null): string {
  if (until === null) return "no";
  return Date.parse(until) > Date.now() ? `requests wait until ${until}` : `turned away since ${until}`;
}

function renderFailing(environments: Status[], paint: Paint): string {
  const rows = environments.flatMap(({ name, failing }) =>
    failing.flatMap((process) => [
      [name, process.side, process.name, describeFailing(process)],
      ...process.lastLines.slice(-SHOWN).map((line) => ["", "", "", `  ${line}`]),
    ]),
  );
  return rows.length === 0 ? "" : `\n\n${paint.table(["environment", "side", "process", "has"], rows)}`;
}

function renderCertificates(environments: Status[], paint: Paint): string {
  const rows = environments.flatMap(({ name, certificates }) =>
    certificates.map((certificate) => [name, certificate.host, describeCertificate(certificate)]),
  );
  return rows.length === 0 ? "" : `\n\n${paint.table(["environment", "certificate of", "is"], rows)}`;
}

async function statusOf(app: App, name: string) {
  return withPlace(app, name, async (place) => {
    const { up: _, ...view } = await place.look();
    return { name, ...view };
  });
}
