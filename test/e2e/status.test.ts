import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { hasSshd } from "../hosts.ts";
import { makeFleet } from "./fleet.ts";
import { makeWorld } from "./world.ts";

describe.skipIf(!hasSshd)("status of servers (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("shows each of them, its clock and disk, and who deployed when", async () => {
    const shop = await makeFleet(3);
    await shop.greenroom("deploy", "production");
    const { exit, result } = await shop.greenroom("status");
    expect(exit).toBe(0);
    expect(result.servers.map(({ name }: { name: string }) => name)).toEqual(["web1", "web2", "web3"]);
    for (const { machine } of result.servers) {
      expect(machine).toMatchObject({ up: false, node: process.versions.node });
      // They are all this machine.
      expect(Math.abs(machine.skew.ahead)).toBeLessThanOrEqual(machine.skew.within + 5);
      expect(machine.disk.free).toBeGreaterThan(0);
    }
    const [production] = result.environments;
    expect(production).toMatchObject({ name: "production", differ: [], live: { side: "blue" } });
    expect(production.deployed).toMatchObject({ by: expect.stringContaining("@"), operation: "switch" });
    expect(production.servers.map(({ live }: { live: object }) => live)).toEqual(
      Array(3).fill(production.live),
    );
    const { stdout } = await shop.plain("status", "production");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/web3 +doesn't run .* right/);
    expect(stdout).not.toContain("to start it: greenroom up");
  });

  test("says in what they differ", async () => {
    const shop = await makeFleet(3);
    await shop.greenroom("deploy", "production");
    const { servers, ...file } = JSON.parse(readFileSync(join(shop.project, "greenroom.json"), "utf8"));
    const alone = makeWorld({
      "greenroom.json": {
        ...file,
        servers,
        environments: { production: { domain: "shop.localhost", servers: ["web2"] } },
      },
      "index.html": "another",
    });
    expect(await alone.greenroom("deploy", "production", "--switch")).toMatchObject({ exit: 0 });
    const { exit, result } = await shop.greenroom("status");
    expect([exit, result.environments[0].differ]).toEqual([
      0,
      ["live release", "live side", "rehearsal", "traffic"],
    ]);
    expect((await shop.plain("status")).stdout).toContain("the servers of production differ: live release");
  });

  test("one that is down, or says nothing, costs a line and the exit code", async () => {
    const shop = await makeFleet(3);
    await shop.greenroom("deploy", "production");
    await shop.hosts.stop("web1");
    const { port } = shop.hosts.servers[1]!;
    await shop.hosts.stop("web2");
    await sayNothingAt("127.0.1.2", port!);
    const { exit, result, events } = await shop.greenroom("status");
    expect(exit).toBe(24);
    expect(events.at(-1)).toMatchObject({ event: "result" });
    expect(events.at(-2)).toMatchObject({ event: "error", code: "SERVER_UNREACHABLE" });
    expect(result.servers.map(({ problem }: { problem: object | null }) => problem !== null)).toEqual([
      true,
      true,
      false,
    ]);
    expect(result.environments[0]).toMatchObject({ live: { side: "blue" }, differ: [] });
    await shop.hosts.stop("web3");
    const none = await shop.plain("status");
    expect(none.exit).toBe(24);
    expect(none.stdout).toMatch(/web1 +no answer: web1 \(.*\) can't be reached/);
  });
});

describe.skipIf(!hasSshd)("what else is seen (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("releases of each server, and what doctor finds of it", async () => {
    const shop = await makeFleet(2);
    await shop.greenroom("deploy", "production", "--version", "v1");
    const { result } = await shop.greenroom("releases", "production");
    expect(result.releases).toMatchObject([
      { server: "web1", version: "v1", onDisk: true, marks: ["live"] },
      { server: "web2", version: "v1", onDisk: true, marks: ["live"] },
    ]);
    const healthy = await shop.plain("doctor");
    expect(healthy.stdout).toMatch(/web2: answers, with Node \d+/);
    expect(healthy.stdout).toContain("web1 clock: right");
    await shop.hosts.stop("web2");
    const { exit, error } = await shop.greenroom("doctor");
    expect([exit, error?.code]).toEqual([23, "DOCTOR_FAILED"]);
    expect(error?.detail?.join("\n")).toMatch(/broken +web2: .*can't be reached/);
  });
});

/** As a machine whose programs hang. */
async function sayNothingAt(address: string, port: number): Promise<void> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  onTestFinished(() => void server.close());
}
