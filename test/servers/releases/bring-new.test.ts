import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ManifestHead } from "../../../src/release/manifest.ts";
import { openStore } from "../../../src/release/store.ts";
import type { Host } from "../../../src/servers/host.ts";
import { bringNew } from "../../../src/servers/releases/bring-new.ts";
import { connect } from "../../../src/servers/remote.ts";
import { hasSshd, startHosts } from "../../hosts.ts";
import { temporaryFolder } from "../../release/world.ts";
import { builtBundle, makeRelease } from "../world.ts";

afterEach(() => vi.unstubAllEnvs());

/** Somebody's machine, with a site of their own. */
function makeMachine(content: string, version: string | null) {
  const [store, source] = [openStore(temporaryFolder()), temporaryFolder()];
  writeFileSync(join(source, "index.html"), content);
  const make = (elsewhere: ManifestHead[]) => ({ manifest: makeRelease(store, source, version, elsewhere) });
  return (host: Host) => bringNew(host, store, "shop", { isNamed: version !== null, make });
}

/** They look what is there before it comes. */
function tooEarly(host: Host): Host {
  let looked = false;
  return {
    ...host,
    heads: async (project) => {
      const heads = looked ? await host.heads(project) : [];
      looked = true;
      return heads;
    },
  };
}

describe.skipIf(!hasSshd)("two who make a release at once (else skipped: needs sshd)", () => {
  test("get two names, unless they ask for the same one", { timeout: 60_000 }, async () => {
    const hosts = await startHosts(1);
    vi.stubEnv("GREENROOM_SSH_CONFIG", hosts.config);
    const host = await connect(hosts.servers[0]!, { bundle: builtBundle(), by: "me@x", emit: () => {} });
    onTestFinished(() => host.close());
    const theirs = await makeMachine("theirs", null)(host);
    const mine = await makeMachine("mine", null)(tooEarly(host));
    expect(mine.manifest.version).not.toBe(theirs.manifest.version);
    const versions = (await host.heads("shop")).map(({ version }) => version);
    expect(versions.sort()).toEqual([theirs.manifest.version, mine.manifest.version].sort());
    await makeMachine("theirs", "spring")(host);
    await expect(makeMachine("mine", "spring")(tooEarly(host))).rejects.toMatchObject({
      code: "VERSION_EXISTS",
    });
  });
});
