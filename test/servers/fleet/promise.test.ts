import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Intent } from "../../../src/environment/intent.ts";
import type { Host } from "../../../src/servers/host.ts";
import { receive } from "../../../src/servers/releases/receive.ts";
import { hasSshd } from "../../hosts.ts";
import { until } from "../../processes/program.ts";
import { makeFleetWorld } from "../fleet-world.ts";

afterEach(() => vi.unstubAllEnvs());

/** Goes on until whoever called for it has gone: then sshd's process, which started the program, has, too. */
const SLOW = `
starter() { sed -n 's/^PPid:\\t//p' /proc/$PPID/status; }
before=$(starter)
touch "$GREENROOM_ROOT/begun"
while [ "$(starter)" = "$before" ]; do sleep 0.02; done`;

async function makeSlow() {
  const world = await makeFleetWorld();
  const [server] = world.servers;
  const spec = {
    ...world.spec,
    tasks: { slow: { run: SLOW, on: "rehearsal" as const, timeout: 60_000, needs: [] } },
    hooks: { "before:switch": ["slow"] } as Record<string, string[]>,
  };
  const host = await world.reach(server!);
  await receive(host, world.store, world.make("1"));
  await host.operate(spec, "stage", { release: "1", dryRun: false });
  await host.operate(spec, "check", { dryRun: false });
  const promise = (by: Host, as = spec) => by.promise(as, intentOf());
  const begun = () => until("the task runs", () => existsSync(join(server!.root, "begun")));
  return { host, spec, promise, begun, reach: () => world.reach(server!) };
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
    const { host, spec, promise, begun, reach } = await makeSlow();
    const promised = promise(host);
    await begun();
    host.drop();
    await expect(promised).rejects.toMatchObject({ code: "LINE_CUT" });
    const later = await reach();
    const quick = { ...spec, hooks: {} };
    const outcome = await until("it is free again", async () => {
      const said = await promise(later, quick).then(
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
