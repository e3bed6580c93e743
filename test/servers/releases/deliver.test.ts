import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { EnvironmentSpec } from "../../../src/environment/spec.ts";
import { openStore } from "../../../src/release/store.ts";
import { receive } from "../../../src/servers/releases/receive.ts";
import { connect } from "../../../src/servers/remote.ts";
import { specOf } from "../../environment/world.ts";
import { hasSshd, startHosts } from "../../hosts.ts";
import { temporaryFolder } from "../../release/world.ts";
import { builtBundle, makeRelease } from "../world.ts";

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasSshd)("releases go to a server (else skipped: needs sshd)", { timeout: 60_000 }, () => {
  test("whole the first time, then by what is new; they are staged and switched there", async () => {
    const hosts = await startHosts(1);
    vi.stubEnv("GREENROOM_SSH_CONFIG", hosts.config);
    const server = hosts.servers[0]!;
    const host = await connect(server, { bundle: builtBundle(), by: "me@laptop", emit: () => {} });
    onTestFinished(() => host.close());
    const source = temporaryFolder();
    const store = openStore(temporaryFolder());
    for (let i = 0; i < 300; i++) writeFileSync(join(source, `page${i}.html`), `page ${i}`);
    mkdirSync(join(source, "bin"));
    writeFileSync(join(source, "bin/run"), "#!/bin/sh\n", { mode: 0o755 });
    const first = makeRelease(store, source, "1");
    await receive(host, store, first);
    const spec: EnvironmentSpec = specOf({ checks: [] });
    await host.operate(spec, "stage", { release: "1", dryRun: false });
    await host.operate(spec, "check", { dryRun: false });
    await host.operate(spec, "switch", { force: false, dryRun: false });
    expect(await host.look(spec)).toMatchObject({ live: { release: "1" } });
    const live = join(server.root, "sites/shop/production/traffic/live");
    expect(readFileSync(join(live, "page7.html"), "utf8")).toBe("page 7");

    writeFileSync(join(source, "page7.html"), "page seven");
    const second = makeRelease(store, source, "2");
    await receive(host, store, second);
    await host.operate(spec, "stage", { release: "2", dryRun: false });
    expect(readFileSync(join(live, "page7.html"), "utf8")).toBe("page 7");
    await host.operate(spec, "check", { dryRun: false });
    await host.operate(spec, "switch", { force: false, dryRun: false });
    expect(readFileSync(join(live, "page7.html"), "utf8")).toBe("page seven");
    expect(readFileSync(join(server.root, "sites/shop/production/log/journal.jsonl"), "utf8")).toContain(
      "me@laptop",
    );
  });
});
