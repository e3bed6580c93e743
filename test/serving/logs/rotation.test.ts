import { copyFileSync, readdirSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nginxOf } from "../../../src/serving/nginx/places.ts";
import { reload } from "../../../src/serving/nginx/program.ts";
import { until } from "../../processes/program.ts";
import { hasNginx, lines, linesIn, startLoad, startSite } from "./world.ts";

const pause = (milliseconds: number) => new Promise((resume) => setTimeout(resume, milliseconds));

describe.skipIf(!hasNginx)("logs that nginx writes (else skipped: needs nginx)", { timeout: 60_000 }, () => {
  test("are moved aside when they are full, and nginx goes on in new ones, which others can't read", async () => {
    const site = await startSite();
    const rotation = site.rotation(1000, 2);
    for (let round = 0; round < 4; round++) {
      await site.visit(10, `/${round}`);
      expect(await rotation.round()).toBe(null);
      expect(statSync(`${site.log}.1`).mode & 0o777).toBe(0o640);
    }
    await site.visit(1, "/last");
    const names = readdirSync(site.folder).filter((name) => name.startsWith("access"));
    expect(names.sort()).toEqual(["access.log", "access.log.1", "access.log.2"]);
    expect(lines(site.log)).toBe(1);
    expect([1, 2].map((number) => lines(`${site.log}.${number}`))).toEqual([10, 10]);
    expect(names.map((name) => statSync(join(site.folder, name)).mode & 0o777)).toEqual([
      0o640, 0o640, 0o640,
    ]);
    expect(await rotation.round()).toBe(null);
    expect(lines(site.log)).toBe(1);
  });

  test("lose no line under load: there are as many as there were answers", async () => {
    const site = await startSite();
    const rotation = site.rotation(100_000, 1000);
    const end = await startLoad(site.port);
    for (let round = 0; round < 30; round++) {
      await pause(100);
      expect(await rotation.round()).toBe(null);
    }
    const seen = await end();
    await site.close();
    expect(seen.failed).toBe(0);
    expect(readdirSync(site.folder).length).toBeGreaterThan(10);
    expect(linesIn(site.folder)).toBe(seen.answered);
  });

  test("lose lines, as that load shows, where they are copied and cut", async () => {
    const site = await startSite();
    const end = await startLoad(site.port);
    for (let round = 0; round < 30; round++) {
      await pause(100);
      copyFileSync(site.log, `${site.log}.${round}`);
      await pause(5);
      truncateSync(site.log);
    }
    const seen = await end();
    await site.close();
    expect(linesIn(site.folder)).toBeLessThan(seen.answered);
  });

  test("are mended by the next run where one died before nginx was told", async () => {
    const site = await startSite();
    await site.visit(3);
    renameSync(site.log, `${site.log}.1`);
    await site.visit(1);
    expect(lines(`${site.log}.1`)).toBe(4);
    expect(await site.rotation(1_000_000).round()).toBe(null);
    await site.visit(1);
    expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([4, 1]);
    // It died after it had made the new one.
    renameSync(site.log, `${site.log}.2`);
    writeFileSync(site.log, "");
    renameSync(`${site.log}.2`, `${site.log}.1`);
    await site.visit(1);
    expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([2, 0]);
    expect(await site.rotation(1_000_000).round()).toBe(null);
    await site.visit(1);
    expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([2, 1]);
  });

  test("are opened anew also by a worker that only finishes what it began before a reload", async () => {
    const site = await startSite();
    const socket = connect(site.port, "127.0.0.1").on("error", () => {});
    // A request in flight: nginx waits for the rest of its head.
    socket.write("GET /slow HTTP/1.1\r\nHost: shop.localhost\r\n");
    await site.visit(6);
    await reload(nginxOf(site.root, true));
    expect(await site.rotation(1000).round()).toBe(null);
    socket.write("Connection: close\r\n\r\n");
    await until("the slow request is logged", () => lines(site.log) === 1);
    expect(lines(`${site.log}.1`)).toBe(6);
  });
});
