import { prunePassing } from "../environment/prune.ts";
import { countOf } from "../events.ts";
import { LOCAL } from "../servers/server.ts";
import { defineCommand } from "./command.ts";
import { outcomeOf, renderOutcome } from "./outcome.ts";
import { humanBytes } from "./paint.ts";
import { withPlace } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: true,
  examples: ["greenroom prune production --dry-run", "greenroom prune production"],
  run: ({ app, words, dryRun }) =>
    withPlace(app, words[0], async (place) => {
      const done = await place.operate("prune", { dryRun });
      return {
        ...outcomeOf(place.spec, done, dryRun),
        dropped: done.dropped,
        objects: done.objects,
        bytes: done.bytes,
        /** What deployments to servers have left on this machine; null where they are none. */
        here: place.spec.servers.includes(LOCAL)
          ? null
          : prunePassing(app.scene(place.spec.environment), { dryRun }),
      };
    }),
  render: (result, paint) =>
    renderOutcome(result, paint, () =>
      [describe(result), ...(result.here ? [`on this machine: ${describe(result.here)}`] : [])].join("\n"),
    ),
});

function describe({ dropped, objects, bytes }: { dropped: string[]; objects: number; bytes: number }) {
  return `${countOf(dropped.length, "release")} and ${countOf(objects, "file")} (${humanBytes(bytes)}) deleted`;
}
