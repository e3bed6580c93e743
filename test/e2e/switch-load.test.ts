import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPointer } from "../../src/disk/durable.ts";
import { other } from "../../src/environment/sides.ts";
import { siteOf } from "../../src/environment/site.ts";
import { moveTraffic, readTraffic } from "../../src/environment/traffic.ts";
import { whileAsking } from "./load/client.ts";
import { makeWorld, type World } from "./world.ts";

const LONG = process.env.GREENROOM_FAULTS === "long";
const STATIC_SWITCHES = LONG ? 1000 : 150;
const PROCESS_SWITCHES = LONG ? 200 : 40;

const STAMPED = (release: string) => `release ${release}\n`.repeat(400);

// Answers in parts with a pause between, so that switches fall into the middle of answers, and reads bodies to the end.
const APP = `
const { createServer } = require("node:http");
const line = "release " + process.env.GREENROOM_RELEASE + "\\n";
createServer((request, answer) => {
  request.on("data", () => {}).on("end", () => {
    answer.write(line.repeat(20));
    setTimeout(() => answer.end(line.repeat(20)), request.url === "/" ? 3 : 0);
  });
}).listen(process.env.SOCKET);
`;

interface Seen {
  answered: number;
  failed: number;
  mixed: number;
  releases: Record<string, number>;
  why: Record<string, number>;
}

async function makeTwoReleases(
  project: object,
  files: (release: string) => Record<string, string>,
): Promise<[World, number]> {
  const environments = { production: { domain: "load.localhost" } };
  const world = makeWorld({ "greenroom.json": { project: "load", environments, ...project } });
  const up = await world.up();
  for (const release of ["one", "two"]) {
    world.write(files(release));
    expect(await world.greenroom("deploy", "--version", release)).toMatchObject({ exit: 0 });
  }
  return [world, up.port];
}

/** Asks all the while that `act` takes. */
async function underLoad(port: number, method: string, act: () => Promise<void>): Promise<Seen> {
  return whileAsking("load-client.mjs", [String(port), "load.localhost", method], act);
}

/** The switch of the program, as often as wanted: its plan's one step, without the seconds that a process takes to start. */
async function switchOften(world: World, times: number): Promise<void> {
  const site = siteOf(world.root, "load", "production");
  for (let i = 0; i < times; i++) {
    const { generation, live } = readTraffic(site)!;
    moveTraffic(site, { generation: generation + 1, live: other(live), share: 0 });
    await new Promise((resume) => setTimeout(resume, 5));
  }
}

describe(`switches under 64 kept connections`, { timeout: 600_000 }, () => {
  test(`${STATIC_SWITCHES} of a static site lose and mix no answer`, async () => {
    const [world, port] = await makeTwoReleases({}, (release) => ({ "index.html": STAMPED(release) }));
    const seen = await underLoad(port, "GET", () => switchOften(world, STATIC_SWITCHES));
    expect(seen).toMatchObject({ failed: 0, mixed: 0, why: {} });
    expect(Math.min(...Object.values(seen.releases))).toBeGreaterThan(STATIC_SWITCHES);
    expect(Object.keys(seen.releases).sort()).toEqual(["release one", "release two"]);
  });

  test.each(["GET", "POST"])(
    `${PROCESS_SWITCHES} of a process site lose and mix no answer to %s`,
    async (method) => {
      const serve = { kind: "process", start: { web: "node app.cjs" } };
      const [world, port] = await makeTwoReleases({ serve }, (release) => ({
        "app.cjs": `${APP}// ${release}`,
      }));
      const seen = await underLoad(port, method, () => switchOften(world, PROCESS_SWITCHES));
      expect(seen).toMatchObject({ failed: 0, mixed: 0, why: {} });
      expect(Object.keys(seen.releases).sort()).toEqual(["release one", "release two"]);
    },
  );

  test("whole `greenroom switch` commands lose none either", async () => {
    const [world, port] = await makeTwoReleases({}, (release) => ({ "index.html": STAMPED(release) }));
    const seen = await underLoad(port, "GET", async () => {
      for (let i = 0; i < 8; i++) expect((await world.greenroom("switch")).exit).toBe(0);
    });
    expect(seen).toMatchObject({ failed: 0, mixed: 0 });
  });

  test("the same load catches a switch that removes the pointer before it makes the new one", async () => {
    const [world, port] = await makeTwoReleases({}, (release) => ({ "index.html": STAMPED(release) }));
    const traffic = join(world.root, "sites/load/production/traffic");
    const seen = await underLoad(port, "GET", async () => {
      for (let i = 0; i < 300; i++) {
        const target = readPointer(traffic)!;
        rmSync(traffic);
        await new Promise((resume) => setTimeout(resume, 1));
        symlinkSync(target, traffic);
      }
    });
    expect(seen.failed).toBeGreaterThan(0);
  });

  test("the same load catches a page that is changed in place", async () => {
    const [world, port] = await makeTwoReleases(
      { serve: { kind: "process", start: { web: "node app.cjs" } } },
      (release) => ({
        "app.cjs": `${APP.replace("line.repeat(20)), request", "'release other\\\\n'), request")}// ${release}`,
      }),
    );
    const seen = await underLoad(port, "GET", () => switchOften(world, 5));
    expect(seen.mixed).toBeGreaterThan(0);
  });
});
