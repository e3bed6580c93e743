import type { App } from "../app.ts";
import { examine } from "../environment/doctor.ts";
import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import { examineServers, serversOf } from "../servers/doctor.ts";
import { examineMachine } from "../serving/doctor.ts";
import { examinePhp } from "../serving/php/doctor.ts";
import { examineProcesses } from "../serving/supervisor/failing.ts";
import { defineCommand } from "./command.ts";
import { nameIn, severalOf } from "./name-environment.ts";

export default defineCommand({
  words: [],
  options: {},
  changes: false,
  examples: ["greenroom doctor"],
  async run({ app }) {
    const [name] = severalOf(app);
    const found = [
      ...examine(app.root, () => app.project()),
      ...(await examineMachine(app.root)),
      ...examineProcesses(app.root),
      ...(isPhp(app) ? examinePhp(app.root) : []),
      ...(await examineServers(serversOf(app.project), app.host)),
    ];
    const findings = found.map((finding) =>
      name && finding.remedy ? { ...finding, remedy: nameIn(finding.remedy, name) } : finding,
    );
    const broken = findings.filter((finding) => finding.state === "broken");
    if (broken.length > 0) {
      const [of, are] = [countOf(findings.length, "thing"), broken.length === 1 ? "is" : "are"];
      throw new GreenroomError("DOCTOR_FAILED", `${broken.length} of ${of} ${are} broken`, {
        detail: findings.flatMap(({ state, what, found, lines = [] }) => [
          `${state.padEnd(6)}  ${what}: ${found}`,
          ...lines.map((line) => `        ${line}`),
        ]),
        hint: broken[0]!.remedy ?? undefined,
      });
    }
    return { findings };
  },
  render: ({ findings }, paint) =>
    findings
      .map(({ state, what, found, lines = [], remedy }) => {
        const word = state === "good" ? paint.green("good  ") : paint.yellow("note  ");
        const more = [...lines, ...(remedy ? [`try ${remedy}`] : [])];
        return [`${word}  ${what}: ${found}`, ...more.map((line) => `        ${line}`)].join("\n");
      })
      .join("\n"),
});

function isPhp(app: App): boolean {
  try {
    return app.project().file.serve.kind === "php";
  } catch (error) {
    // What is wrong with it has been found already.
    if (error instanceof GreenroomError) return false;
    throw error;
  }
}
