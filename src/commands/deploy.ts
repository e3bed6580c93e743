import { readState } from "../environment/state.ts";
import type { Scene } from "../environment/world.ts";
import { operations } from "../servers/operations.ts";
import { defineCommand, flag } from "./command.ts";
import { outcomeOf, renderOutcome, urlsOf } from "./outcome.ts";
import { sourceOptions, withRelease } from "./release.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { ...sourceOptions, switch: flag("switch too, once the checks have passed") },
  changes: true,
  examples: ["greenroom deploy production", "greenroom deploy production --switch --from main"],
  run: ({ app, words, options, dryRun }) =>
    withRelease(app, words[0], options, dryRun, async (scene, { release }) => {
      const switches = options.switch || scene.spec.switch === "auto" || readState(scene.site).live === null;
      const staged = await operations.stage(scene, { release, dryRun });
      const outcome = outcomeOf(scene, staged, dryRun);
      if (dryRun) outcome.plan!.push(...laterSteps(switches));
      else if (!isLive(scene, release)) {
        outcome.warnings.push(...(await operations.check(scene, { dryRun })).warnings);
        if (switches)
          outcome.warnings.push(...(await operations.switch(scene, { force: false, dryRun })).warnings);
      }
      return {
        ...outcome,
        release,
        changed: staged.changed,
        live: isLive(scene, release),
        urls: urlsOf(scene),
      };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () =>
      result.live
        ? `${result.environment}: ${paint.bold(result.release)} is live\n${result.urls.live}`
        : `${result.environment}: ${paint.bold(result.release)} is ready to be looked at\n${result.urls.rehearsal}\nthen: greenroom switch ${result.environment}`,
    ),
});

function isLive({ site }: Scene, release: string): boolean {
  const { live, sides } = readState(site);
  return live !== null && sides[live] === release;
}

function laterSteps(switches: boolean): string[] {
  return ["run the checks against the rehearsal", ...(switches ? ["switch, if they passed"] : [])];
}
