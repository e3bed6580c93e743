import { liveRelease, readState, rehearsalRelease } from "../environment/state.ts";
import { listHeads } from "../release/store.ts";
import { defineCommand } from "./command.ts";
import { humanAge, humanBytes } from "./paint.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: false,
  examples: ["greenroom releases production"],
  run({ app, words }) {
    const { site, spec, world } = app.scene(words[0]);
    const state = readState(site);
    const places = (version: string) => [
      ...(version === liveRelease(state) ? ["live"] : []),
      ...(version === rehearsalRelease(state) ? ["rehearsal"] : []),
      ...(state.bad.includes(version) ? ["bad"] : []),
    ];
    return {
      environment: spec.environment,
      releases: listHeads(world.store, spec.project).map(({ version, created, files, bytes, source }) => ({
        version,
        created,
        files,
        bytes,
        source,
        /** Its tree is here; else it can be brought back from the store. */
        onDisk: state.releases.includes(version),
        marks: places(version),
      })),
    };
  },
  render: ({ releases }, paint) =>
    releases.length === 0
      ? "no releases yet; make one with: greenroom deploy"
      : paint.table(
          ["release", "made", "files", "size", "where", ""],
          releases.map(({ version, created, files, bytes, onDisk, marks }) => [
            version,
            humanAge(created),
            String(files),
            humanBytes(bytes),
            onDisk ? "disk" : "store",
            marks.join(", "),
          ]),
        ),
});
