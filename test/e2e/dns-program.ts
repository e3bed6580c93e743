import { Resolver } from "node:dns/promises";
import { chmodSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./authority.ts";

export const SECRET = "the-token-of-the-name-server";

export interface DnsProgram {
  path: string;
  /** What it was told, in order. */
  calls(): string[][];
  /** What the name servers answer. */
  records(name: string): Promise<string[]>;
  /** Shell lines that it runs after its work. */
  afterwards(lines: string): void;
}

/** What somebody would write for name servers of their own: it has a secret, and talks about it. */
export function makeDnsProgram(dir: string, { names }: Pick<Authority, "names">): DnsProgram {
  const path = join(realpathSync(dir), "dns-program");
  const [log, after] = [`${path}.log`, `${path}.after`];
  writeFileSync(after, "");
  writeFileSync(
    path,
    `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const [verb, name, value] = process.argv.slice(2);
appendFileSync(${JSON.stringify(log)}, JSON.stringify([verb, name, value]) + "\\n");
console.log("asking with ${SECRET}");
const body = JSON.stringify({ host: name + ".", value });
fetch(${JSON.stringify(names.control)} + "/" + verb + "-txt", { method: "POST", body }).then(({ ok }) => {
  const { status } = spawnSync("/bin/sh", [${JSON.stringify(after)}, verb], { stdio: "inherit" });
  process.exitCode = ok ? status : 1;
});
`,
  );
  chmodSync(path, 0o755);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${names.port}`]);
  return {
    path,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as string[])
        : [],
    records: async (name) => (await resolver.resolveTxt(name).catch(() => [])).flat(),
    afterwards: (lines) => writeFileSync(after, lines),
  };
}
