import { countOf } from "../events.ts";
import { operations } from "../servers/operations.ts";
import { defineCommand } from "./command.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom verify production", "greenroom verify production --dry-run"],
  run: ({ app, words, dryRun }) => operations.verify(app.scene(words[0]), { dryRun }),
  render: ({ releases, problems }, paint) =>
    [
      ...problems.map(
        ({ place, path, fault }) => `${paint.yellow("repaired")}  ${place}: ${path} (${fault})`,
      ),
      `${countOf(releases, "release")} ${releases === 1 ? "is as its manifest says" : "are as their manifests say"}`,
    ].join("\n"),
});
