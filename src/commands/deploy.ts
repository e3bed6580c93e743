import { liveRelease } from "../environment/state.ts";
import { defineCommand, flag } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { sourceOptions, withRelease } from "./release.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { ...sourceOptions, switch: flag("switch too, once the checks have passed") },
  changes: true,
  examples: ["greenroom deploy production", "greenroom deploy production --switch --from main"],
  run: ({ app, words, options, dryRun }) =>
    withRelease(app, words[0], options, dryRun, async (place, { release }) => {
      const switches = options.switch || place.spec.switch === "auto" || (await place.look()).live === null;
      const staged = await place.operate("stage", { release, dryRun });
      const outcome = outcomeOf(place.spec, staged, dryRun);
      if (dryRun) outcome.plan!.push(...laterSteps(switches));
      else if (liveRelease(staged.state) !== release) {
        outcome.warnings.push(...(await place.operate("check", { release, dryRun })).warnings);
        if (switches)
          outcome.warnings.push(
            ...(await place.operate("switch", { release, force: false, dryRun })).warnings,
          );
      }
      const { live, urls } = await place.look();
      return {
        ...outcome,
        release,
        changed: staged.changed,
        live: live?.release === release,
        urls,
      };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () =>
      result.live
        ? `${result.environment}: ${paint.bold(result.release)} is live\n${result.urls.live}`
        : `${result.environment}: ${paint.bold(result.release)} is ready to be looked at\n${result.urls.rehearsal}\nthen: greenroom switch ${result.environment}`,
    ),
});

function laterSteps(switches: boolean): string[] {
  return ["run the checks against the rehearsal", ...(switches ? ["switch, if they passed"] : [])];
}
