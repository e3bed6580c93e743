import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GreenroomError } from "../errors.ts";
import { PROJECT_FILE } from "../project/schema.ts";
import { defineCommand, flag } from "./command.ts";
import { type Answers, answersOf, guessFrom } from "./guess.ts";

export default defineCommand({
  words: [],
  options: { yes: flag("ask nothing, take what the folder suggests") },
  changes: true,
  examples: ["greenroom init", "greenroom init --yes"],
  async run({ app, options, dryRun, json }) {
    const path = join(app.start, PROJECT_FILE);
    if (existsSync(path)) {
      throw new GreenroomError("FILE_EXISTS", `${path} is there already`, {
        hint: "edit it, or remove it first",
      });
    }
    const guess = guessFrom(app.start);
    const asks = !options.yes && !json && process.stdin.isTTY && process.stdout.isTTY;
    const answers = asks ? await (await import("./wizard.ts")).ask(guess) : answersOf(guess);
    const content = { ...schemaOf(app.start), ...projectFile(answers, app.start) };
    if (!dryRun) writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { flag: "wx" });
    return { path, written: !dryRun, content };
  },
  render: ({ path, written, content }) =>
    written
      ? `written: ${path}\nnext: ${preparing(content.serve)}greenroom up, and in another terminal: greenroom deploy production`
      : JSON.stringify(content, null, 2),
});

/** What editors complete from, where Greenroom is one of the project's packages. */
function schemaOf(dir: string): { $schema?: string } {
  const schema = "./node_modules/greenroom/greenroom.schema.json";
  return existsSync(join(dir, schema)) ? { $schema: schema } : {};
}

/** Only nginx runs PHP. */
function preparing({ kind }: ReturnType<typeof servingOf>): string {
  return kind === "php" ? "greenroom setup --router nginx --unprivileged, " : "";
}

function servingOf({ kind, serves }: Answers, dir: string) {
  if (kind === "process") return { kind, start: { web: serves }, health: "/" };
  const plain = kind === "php" && !existsSync(join(dir, serves, "index.php"));
  return { kind, public: serves, ...(plain && { front: null }) };
}

function projectFile(answers: Answers, dir: string) {
  const { project, domain } = answers;
  return {
    project,
    serve: servingOf(answers, dir),
    // Where secrets usually are.
    ignore: ["*.log", ".env*", "!.env.example"],
    checks: [{ http: "/", status: 200 }],
    environments: {
      production: { domain },
      staging: { domain: `staging.${domain}` },
    },
  };
}
