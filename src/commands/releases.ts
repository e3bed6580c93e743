import { onAll } from "../servers/on-all.ts";
import type { Stocked } from "../servers/stock.ts";
import { defineCommand } from "./command.ts";
import { humanAge, humanBytes } from "./paint.ts";
import { withHosts } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: false,
  examples: ["greenroom releases production"],
  run: ({ app, words }) =>
    withHosts(app, words[0], async (hosts, spec) => ({
      environment: spec.environment,
      servers: spec.servers,
      releases: together(spec.servers, await onAll(hosts, (host) => host.stock(spec))),
    })),
  render: ({ releases, servers }, paint) =>
    releases.length === 0
      ? "no releases yet; make one with: greenroom deploy"
      : paint.table(
          ["release", "made", "files", "size", "where", ""],
          releases.map(({ version, created, files, bytes, onDisk, marks, on }) => [
            version,
            humanAge(created),
            String(files),
            humanBytes(bytes),
            `${onDisk ? "disk" : "store"}${on.length < servers.length ? ` of ${on.join(", ")}` : ""}`,
            marks.join(", "),
          ]),
        ),
});

/** One list of those of several servers. What isn't the same on all of them is so on those that say it. */
function together(servers: string[], stocks: Stocked[][]) {
  const all = new Map<string, Stocked & { on: string[] }>();
  for (const [i, stock] of stocks.entries()) {
    for (const one of stock) {
      const known = all.get(one.version) ?? { ...one, on: [] };
      const marks = [...new Set([...known.marks, ...one.marks])];
      all.set(one.version, {
        ...known,
        onDisk: known.onDisk && one.onDisk,
        marks,
        on: [...known.on, servers[i]!],
      });
    }
  }
  return [...all.values()].sort((a, b) => (a.created < b.created ? 1 : -1));
}
