import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort, startNginx } from "./load/by-hand.ts";
import { askAgain, countCanary, deviation, moved, newVisitors, type Visitor } from "./load/visitors.ts";
import { areThere, HOST, LONG, makeLoadWorld } from "./load/world.ts";
import { makeWorld } from "./world.ts";

const VISITORS = LONG ? 20_000 : 1_000;
/** Chance alone leaves 3 of them once in 370 draws; 5 once in 1.7 million. `npm run bench canary` shows how many it was. */
const DEVIATIONS = 5;

describe.skipIf(!areThere("nginx"))(
  "a canary of nginx (else skipped: needs nginx)",
  { timeout: 600_000 },
  () => {
    test(`of 1, 5 and 50 % has its share of ${VISITORS}, and keeps whom it has`, async () => {
      const { greenroom, port } = await makeLoadWorld({}, (release) => ({ "index.html": release }));
      const asking = { port, host: HOST, canary: "two" };
      let known: Visitor[] = [];
      for (const share of [0.01, 0.05, 0.5]) {
        expect((await greenroom("canary", "production", String(share * 100))).exit).toBe(0);
        const grown = await askAgain(asking, known);
        expect(moved(known, grown, "canary")).toBe(0);

        const fresh = await newVisitors(asking, VISITORS);
        expect(Math.abs(deviation(countCanary(fresh), VISITORS, share))).toBeLessThan(DEVIATIONS);
        expect(new Set(fresh.map(({ cookie }) => cookie)).size).toBeGreaterThan(90);
        known = [...grown, ...fresh];
        expect(changed(known, await askAgain(asking, known))).toBe(0);
      }
      expect((await greenroom("canary", "production", "0")).exit).toBe(0);
      expect(countCanary(await askAgain(asking, known))).toBe(0);
    });

    test("that draws anew at each request is caught by the same questions", async () => {
      const asking = { ...(await startForgetful()), host: HOST, canary: "two" };
      const visitors = await newVisitors(asking, VISITORS);
      expect(Math.abs(deviation(countCanary(visitors), VISITORS, 0.5))).toBeLessThan(DEVIATIONS);
      const again = await askAgain(asking, visitors);
      expect(changed(visitors, again)).toBeGreaterThan(VISITORS / 4);
      expect(moved(visitors, again, "canary")).toBeGreaterThan(VISITORS / 8);
    });

    test("of another size than was asked for is caught by the same count", async () => {
      const asking = { ...(await startForgetful()), host: HOST, canary: "two" };
      const canary = countCanary(await newVisitors(asking, VISITORS));
      for (const share of [0.01, 0.05])
        expect(Math.abs(deviation(canary, VISITORS, share))).toBeGreaterThan(DEVIATIONS);
    });
  },
);

function changed(before: Visitor[], after: Visitor[]): number {
  return moved(before, after, "canary") + moved(before, after, "live");
}

/** An nginx that sends half of all requests to a canary, whoever they are of. */
async function startForgetful(): Promise<{ port: number }> {
  const { dir } = makeWorld();
  const port = await freePort();
  for (const release of ["one", "two"]) {
    mkdirSync(join(dir, release));
    writeFileSync(join(dir, release, "index.html"), release);
  }
  const http = `split_clients $request_id $release { 50% two; * one; }
server { listen 127.0.0.1:${port}; root ${dir}/$release; }`;
  const nginx = await startNginx(join(dir, "nginx"), port, http);
  onTestFinished(() => nginx.stop());
  return { port };
}
