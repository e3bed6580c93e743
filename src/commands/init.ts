import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { GreenroomError } from "../errors.ts";
import { isName, slug } from "../names.ts";
import { PROJECT_FILE } from "../project/schema.ts";
import { defineCommand, flag } from "./command.ts";
import type { Answers } from "./wizard.ts";

export default defineCommand({
  words: [],
  options: { yes: flag("ask nothing, take what the folder suggests") },
  changes: true,
  examples: ["greenroom init", "greenroom init --yes"],
  async run({ app, options, dryRun }) {
    const path = join(app.start, PROJECT_FILE);
    if (existsSync(path)) {
      throw new GreenroomError("FILE_EXISTS", `${path} is there already`, {
        hint: "edit it, or remove it first",
      });
    }
    const guess = guessAnswers(app.start);
    const asks = !options.yes && process.stdin.isTTY && process.stdout.isTTY;
    const answers = asks ? await (await import("./wizard.ts")).ask(guess) : guess;
    const content = projectFile(answers);
    if (!dryRun) writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { flag: "wx" });
    return { path, written: !dryRun, content };
  },
  render: ({ path, written, content }) =>
    written ? `written: ${path}\nnext: greenroom deploy production` : JSON.stringify(content, null, 2),
});

function guessAnswers(dir: string): Answers {
  const project = slug(basename(dir)).slice(0, 40);
  const start = readScripts(dir).start;
  const folder =
    ["public", "dist", "build", "_site"].find((name) => existsSync(join(dir, name, "index.html"))) ?? ".";
  const kind = start && folder === "." && !existsSync(join(dir, "index.html")) ? "process" : "static";
  return {
    project: isName(project) ? project : "site",
    kind,
    serves: kind === "process" ? (start ?? "") : folder,
    domain: `${project.replaceAll(".", "-")}.localhost`,
  };
}

function readScripts(dir: string): Record<string, string | undefined> {
  try {
    return (
      (JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { scripts?: Record<string, string> })
        .scripts ?? {}
    );
  } catch {
    // No package.json, or none that anybody could read: no suggestion.
    return {};
  }
}

function projectFile({ project, kind, serves, domain }: Answers) {
  return {
    $schema: "./node_modules/greenroom/greenroom.schema.json",
    project,
    serve: kind === "process" ? { kind, start: { web: serves }, health: "/" } : { kind, public: serves },
    ignore: ["*.log"],
    checks: [{ http: "/", status: 200 }],
    environments: {
      production: { domain },
      staging: { domain: `staging.${domain}` },
    },
  };
}
