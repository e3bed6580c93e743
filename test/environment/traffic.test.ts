import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { other, SIDES } from "../../src/environment/sides.ts";
import { at, type Site, siteOf } from "../../src/environment/site.ts";
import { moveTraffic, readTraffic, sweepGenerations } from "../../src/environment/traffic.ts";
import { temporaryFolder } from "../release/world.ts";

function newSite(): Site {
  const site = siteOf(temporaryFolder(), "shop", "production");
  mkdirSync(site.dir, { recursive: true });
  for (const side of SIDES) symlinkSync(`releases/${side}`, at.side(site, side));
  return site;
}

/** The side that each of the buckets leads to. */
function buckets(site: Site): string[] {
  const names = readdirSync(at.traffic(site)).filter((name) => /^\d\d$/.test(name));
  return names.sort().map((name) => readlinkSync(join(at.traffic(site), name)).replace("../../", ""));
}

describe("traffic", () => {
  test("has a hundred buckets, the first of them for the rehearsal, whatever the share", () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIDES), fc.nat(100), (live, share) => {
        const site = newSite();
        moveTraffic(site, { generation: 1, live: live, share: share });
        const rehearsing = Array.from({ length: share }, () => other(live));
        const living = Array.from({ length: 100 - share }, () => live);
        expect(buckets(site)).toEqual([...rehearsing, ...living]);
        expect(readTraffic(site)).toEqual({
          generation: 1,
          live,
          buckets: { [live]: 100 - share, [other(live)]: share },
          paused: null,
        });
        const until = "2026-11-21T09:00:00.000Z";
        moveTraffic(site, { generation: 2, live, share, until });
        expect(readTraffic(site)).toMatchObject({ buckets: { [live]: 100 - share }, paused: until });
        expect(readlinkSync(join(at.traffic(site), "live"))).toBe(`../../${live}`);
        expect(readlinkSync(join(at.traffic(site), "rehearsal"))).toBe(`../../${other(live)}`);
      }),
      {
        numRuns: 15,
        examples: [
          ["blue", 0],
          ["green", 0],
          ["blue", 100],
          ["green", 1],
          ["blue", 99],
        ],
      },
    );
  });

  test("marks the blue buckets, and whether visitors who have none yet need one", () => {
    const site = newSite();
    const marks = () => readdirSync(at.traffic(site)).filter((name) => !/^(\d\d|live|rehearsal)$/.test(name));
    moveTraffic(site, { generation: 1, live: "green", share: 3 });
    expect(marks()).toEqual(["00.blue", "01.blue", "02.blue", "open", "rehearsal.blue"]);
    moveTraffic(site, { generation: 2, live: "green", share: 0 });
    expect(marks()).toEqual(["new.green", "open", "rehearsal.blue"]);
    moveTraffic(site, { generation: 3, live: "green", share: 3, until: "2026-11-21T09:00:00.000Z" });
    expect(marks()).toEqual(["paused", "paused.now", "rehearsal.blue"]);
  });

  test("is null until something is live", () => {
    expect(readTraffic(newSite())).toBe(null);
  });

  test("takes the place of a generation that never got its turn", () => {
    const site = newSite();
    moveTraffic(site, { generation: 1, live: "blue", share: 0 });
    mkdirSync(join(at.generations(site), "2"));
    symlinkSync("nonsense", join(at.generations(site), "2", "00"));
    moveTraffic(site, { generation: 2, live: "green", share: 0 });
    expect(buckets(site)).toEqual(Array.from({ length: 100 }, () => "green"));
  });

  test("leaves the last generations a moment for requests that resolve through them, and no others", () => {
    const site = newSite();
    for (let generation = 1; generation <= 6; generation++)
      moveTraffic(site, { generation: generation, live: "blue", share: generation });
    for (const name of ["7", ".tmp-0123456789ab-8", "nonsense"]) mkdirSync(join(at.generations(site), name));
    sweepGenerations(site);
    expect(readdirSync(at.generations(site)).sort()).toEqual(["4", "5", "6"]);
    expect(readTraffic(site)?.generation).toBe(6);
    sweepGenerations(newSite());
  });
});
