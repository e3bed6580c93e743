import { chooseEnvironment, resolveSpec } from "../project/resolve.ts";
import { defineCommand, value } from "./command.ts";
import { humanAge, humanBytes } from "./paint.ts";
import { askEach, chooseServers } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: { server: value("NAME", "only those that this server has") },
  changes: false,
  examples: ["greenroom releases production"],
  async run({ app, words, options }) {
    const project = app.project();
    const spec = resolveSpec(project, chooseEnvironment(project, words[0]));
    const servers = chooseServers(spec, options.server);
    const all = await askEach(app, servers, async (host) =>
      (await host.releases(spec)).map((release) => ({ server: host.name, ...release })),
    );
    return { environment: spec.environment, servers, releases: all.flat() };
  },
  render({ servers, releases }, paint) {
    if (releases.length === 0) return "no releases yet; make one with: greenroom deploy";
    const several = servers.length > 1;
    return paint.table(
      [...(several ? ["server"] : []), "release", "made", "files", "size", "where", ""],
      releases.map(({ server, version, created, files, bytes, onDisk, marks }) => [
        ...(several ? [server] : []),
        version,
        humanAge(created),
        String(files),
        humanBytes(bytes),
        onDisk ? "disk" : "store",
        marks.join(", "),
      ]),
    );
  },
});
