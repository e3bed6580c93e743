import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Intent } from "../../../src/environment/intent.ts";
import type { Host } from "../../../src/servers/host.ts";
import { receive } from "../../../src/servers/releases/receive.ts";
import { hasSshd } from "../../hosts.ts";
import { until } from "../../processes/program.ts";
import { makeFleetWorld } from "../fleet-world.ts";

afterEach(() => vi.unstubAllEnvs());

/** Goes on until it is let go. */
const SLOW = `touch "$GREENROOM_ROOT/begun"; until test -e "$GREENROOM_ROOT/go"; do sleep 0.02; done`;

async function makeSlow() {
  const world = await makeFleetWorld();
  const [server] = world.servers;
  const spec = {
    ...world.spec,
    tasks: { slow: { run: SLOW, on: "rehearsal" as const, timeout: 60_000, needs: [] } },
    hooks: { "before:switch": ["slow"] },
  };
  const host = await world.reach(server!);
  await receive(host, world.store, world.make("1"));
  await host.operate(spec, "stage", { release: "1", dryRun: false });
  await host.operate(spec, "check", { dryRun: false });
  const promise = (by: Host) => by.promise(spec, intentOf());
  const begun = () => until("the task runs", () => existsSync(join(server!.root, "begun")));
  const letGo = () => writeFileSync(join(server!.root, "go"), "");
  return { host, spec, promise, begun, letGo, reach: () => world.reach(server!) };
}

function intentOf(): Intent {
  return {
    id: randomUUID(),
    operation: "switch",
    input: { force: false, dryRun: false },
    servers: ["web1", "web2"],
    by: "me@laptop",
    at: new Date().toISOString(),
  };
}

describe.skipIf(!hasSshd)("a promise (else skipped: needs sshd)", { timeout: 60_000 }, () => {
  test("isn't made where whoever asked for it has gone meanwhile", async () => {
    const { host, spec, promise, begun, letGo, reach } = await makeSlow();
    const promised = promise(host);
    await begun();
    host.drop();
    await expect(promised).rejects.toMatchObject({ code: "LINE_CUT" });
    letGo();
    const later = await reach();
    const outcome = await until("it is free again", async () => {
      const said = await promise(later).then(
        () => "promised",
        (error: Error) => error.message,
      );
      return said.includes("is locked") ? null : said;
    });
    expect(outcome).toBe("promised");
    expect((await later.promised(spec, null)).intent).not.toBe(null);
    await later.close();
  });
});
