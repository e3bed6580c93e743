import { countOf } from "../events.ts";
import { defineCommand } from "./command.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom verify production", "greenroom verify production --dry-run"],
  run: ({ app, words, dryRun }) => withPlace(app, words[0], (place) => place.operate("verify", { dryRun })),
  render: ({ releases, problems }, paint) =>
    [
      ...problems.map(
        ({ place, path, fault }) => `${paint.yellow("repaired")}  ${place}: ${path} (${fault})`,
      ),
      `${countOf(releases, "release")} ${releases === 1 ? "is as its manifest says" : "are as their manifests say"}`,
    ].join("\n"),
});
