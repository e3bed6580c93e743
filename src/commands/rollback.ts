import { lockStore } from "../release/store.ts";
import { operations } from "../servers/operations.ts";
import { defineCommand, flag, value } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {
    to: value("VERSION", "this release; else the one that was live before"),
    force: flag("also to a release that was left as bad"),
  },
  changes: true,
  examples: ["greenroom rollback production", "greenroom rollback production --to 2026.11.21.1"],
  async run({ app, words, options, dryRun }) {
    const scene = app.scene(words[0]);
    const lock = dryRun ? null : lockStore(scene.world.store, "shared", {});
    try {
      const done = await operations.rollback(scene, { to: options.to ?? null, force: options.force, dryRun });
      const marked = done.left !== null && done.state.bad.includes(done.left);
      return { ...outcomeOf(scene, done, dryRun), live: done.live, left: done.left, marked };
    } finally {
      lock?.release();
    }
  },
  render: (result, paint) =>
    renderOutcome(
      result,
      paint,
      () =>
        `${result.environment}: ${paint.bold(result.live.release ?? "")} is live again${result.marked ? `; ${result.left} is marked bad` : ""}`,
    ),
});
