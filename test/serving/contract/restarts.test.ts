import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, type Site } from "../../../src/environment/site.ts";
import { readDaemon } from "../../../src/serving/supervisord/daemon.ts";
import { supervisordOf } from "../../../src/serving/supervisord/places.ts";
import { isAlive, until } from "../../processes/program.ts";
import {
  get,
  goLive,
  makeSite,
  pointSide,
  putRelease,
  readState,
  supervise,
  untilHealthy,
  untilState,
} from "../supervisor/world.ts";
import { describeSupervisors, type SupervisorName } from "./supervisors.ts";

describeSupervisors("greenroom up ends and is started again", (kind) => {
  test("its processes end with it where they are its children, else they are the same ones after", async () => {
    const { site, leave, again } = await shop(kind);
    const before = pidsOf(site);
    await leave();
    expect(before.filter(isAlive)).toEqual(kind === "embedded" ? [] : before);
    await again();
    await untilBoth(site);
    const after = pidsOf(site);
    if (kind === "supervisord") expect(new Set(after)).toEqual(new Set(before));
    else expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(after.filter(isAlive).length).toBe(3);
    expect(trace(site)).toEqual(
      kind === "supervisord" ? ["blue begins"] : ["blue begins", "blue ends", "blue begins"],
    );
  });

  test("after a switch meanwhile, the old side's worker ends before the new one's begins", async () => {
    const { site, leave, again } = await shop(kind);
    await leave();
    goLive(site, "green");
    await again();
    await until("green's worker runs", () => trace(site).includes("green begins"));
    expect(trace(site)).toEqual(["blue begins", "blue ends", "green begins"]);
    await untilState(site, "green", ({ processes }) => processes.length === 2);
  });

  test("after a restaging meanwhile, it runs what is staged now", async () => {
    const { site, leave, again } = await shop(kind);
    const web = readState(site, "blue")!.processes.find(({ name }) => name === "web")?.pid;
    await leave();
    putRelease(site, "3");
    pointSide(site, "blue", "3");
    await again();
    await untilHealthy(site, "blue", "3");
    await until("the old one is gone", () => !isAlive(web!));
    expect(JSON.parse(await get({ socketPath: at.socket(site, "blue") })).env.GREENROOM_RELEASE).toBe("3");
  });
});

describeSupervisors("nothing of it is left", (kind) => {
  test("once the machine is set up otherwise", async () => {
    const { site, leave, again } = await shop(kind);
    const before = pidsOf(site);
    await leave();
    const other = kind === "embedded" ? "supervisord" : "embedded";
    await again(other);
    await untilBoth(site);
    expect(before.filter(isAlive)).toEqual([]);
    expect((await readDaemon(supervisordOf(site.root, true))) === null).toBe(other === "embedded");
  });
});

/** Two sides with a web each, and the live one's worker, which writes down when it begins and ends. */
async function shop(kind: SupervisorName) {
  const site = makeSite();
  const file = join(site.root, "trace");
  writeFileSync(file, "");
  const worker = `trap 'sleep 0.2; echo "$GREENROOM_SIDE ends" >> ${file}; exit' TERM; echo "$GREENROOM_SIDE begins" >> ${file}; while :; do sleep 0.05; done`;
  for (const version of ["1", "2"])
    putRelease(site, version, { start: { web: "exec node server.js", worker } });
  pointSide(site, "blue", "1");
  pointSide(site, "green", "2");
  goLive(site, "blue");
  let up = await supervise(site.root, kind);
  const leave = async () => {
    await up.supervisor.close();
    if ("release" in up.lock) up.lock.release();
  };
  const again = async (other: SupervisorName = kind) => {
    up = await supervise(site.root, other);
  };
  await untilBoth(site);
  return { site, leave, again };
}

async function untilBoth(site: Site): Promise<void> {
  await Promise.all([untilHealthy(site, "blue", "1"), untilHealthy(site, "green", "2")]);
  await untilState(site, "blue", ({ processes }) => processes.length === 2);
  await until("the worker runs", () => trace(site).at(-1) === "blue begins");
}

function pidsOf(site: Site): number[] {
  return (["blue", "green"] as const).flatMap((side) =>
    readState(site, side)!.processes.map(({ pid }) => pid),
  );
}

function trace(site: Site): string[] {
  return readFileSync(join(site.root, "trace"), "utf8").trim().split("\n").filter(Boolean);
}
