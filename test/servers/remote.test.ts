import { mkdirSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Event } from "../../src/events.ts";
import { connect } from "../../src/servers/remote.ts";
import { specOf } from "../environment/world.ts";
import { hasSshd, startHosts } from "../hosts.ts";
import { builtBundle } from "./world.ts";

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasSshd)("calls to a server (else skipped: needs sshd)", { timeout: 30_000 }, () => {
  test("are answered by the same program there, with its refusals and hints", async () => {
    const hosts = await startHosts(1);
    vi.stubEnv("GREENROOM_SSH_CONFIG", hosts.config);
    const events: Event[] = [];
    const host = await connect(hosts.servers[0]!, {
      bundle: builtBundle(),
      by: "somebody@laptop",
      emit: (event) => events.push(event),
    });
    const spec = specOf();
    expect(await host.look(spec)).toMatchObject({ live: null, rehearsal: { side: "blue", release: null } });
    await expect(host.operate(spec, "switch", { force: false, dryRun: false })).rejects.toMatchObject({
      code: "ENVIRONMENT_MISSING",
      message: expect.stringMatching(/^web1: nothing was ever staged/),
      hint: "greenroom deploy production",
    });
    mkdirSync(hosts.servers[0]!.root, { recursive: true });
    await expect(
      host.operate(spec, "stage", { release: "2026.11.21.1", dryRun: false }),
    ).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    await host.close();
  });
});
