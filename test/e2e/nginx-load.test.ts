import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readPointer } from "../../src/disk/durable.ts";
import { type Checked, checkedLoad, failedOf } from "./load/checked.ts";
import { startMixingRouter } from "./load/mixing-router.ts";
import { switchOften } from "./load/switch.ts";
import { areThere, HOST, LONG, makeLoadWorld, STAMPED } from "./load/world.ts";

const SWITCHES = LONG ? 1000 : 40;
const REQUESTS = LONG ? 500_000 : 2_000;
const hasAll = areThere("nginx", "wrk");

const makeStampedWorld = () => makeLoadWorld({}, (release) => ({ "index.html": STAMPED(release) }));

describe.skipIf(!hasAll)(
  "nginx under 64 kept connections (else skipped: needs nginx and wrk)",
  { timeout: 900_000 },
  () => {
    test(`${SWITCHES} switches of a static site lose and mix none of ${REQUESTS} answers`, async () => {
      const { root, port } = await makeStampedWorld();
      const total = { answered: 0, failed: 0, mixed: 0 };
      const releases = new Set<string>();
      for (let round = 0; round === 0 || total.answered < REQUESTS; round++) {
        const seen = await checkedLoad({ port, host: HOST }, () => switchOften(root, SWITCHES));
        add(total, seen);
        for (const release of Object.keys(seen.releases)) releases.add(release);
      }
      expect(total).toMatchObject({ failed: 0, mixed: 0 });
      expect([...releases].sort()).toEqual(["release one", "release two"]);
    });

    test("whole `greenroom switch` commands lose none either", async () => {
      const { greenroom, port } = await makeStampedWorld();
      const seen = await checkedLoad({ port, host: HOST }, async () => {
        for (let i = 0; i < 4; i++) expect((await greenroom("switch")).exit).toBe(0);
      });
      expect([failedOf(seen), seen.mixed]).toEqual([0, 0]);
      expect(Object.keys(seen.releases)).toHaveLength(2);
    });

    test("the same load catches a switch that removes the pointer before it makes the new one", async () => {
      const { root, port } = await makeStampedWorld();
      const traffic = join(root, "sites/load/production/traffic");
      const seen = await checkedLoad({ port, host: HOST }, async () => {
        for (let i = 0; i < 100; i++) {
          const target = readPointer(traffic)!;
          rmSync(traffic);
          await pause(1);
          symlinkSync(target, traffic);
          await pause(5);
        }
      });
      expect(failedOf(seen)).toBeGreaterThan(0);
    });

    test.each(["body", "headers"] as const)(
      "the same load catches a router that looks twice where the %s is",
      async (what) => {
        const { root } = await makeStampedWorld();
        const router = await startMixingRouter(join(root, "sites/load/production/traffic/live"), what);
        const seen = await checkedLoad({ port: router.port, host: HOST }, () => switchOften(root, 40));
        expect(failedOf(seen)).toBe(0);
        expect(seen.mixed).toBeGreaterThan(0);
      },
    );
  },
);

function add(total: { answered: number; failed: number; mixed: number }, seen: Checked): void {
  total.answered += seen.answered;
  total.failed += failedOf(seen);
  total.mixed += seen.mixed;
}
