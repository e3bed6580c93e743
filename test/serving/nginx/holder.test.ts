import { rmSync, statSync, symlinkSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import type { Event } from "../../../src/events.ts";
import { SITE_HEADER, startHolder, URI_HEADER } from "../../../src/serving/nginx/holder.ts";
import { nginxAt } from "../../../src/serving/nginx/places.ts";
import { makeStagedWorld } from "../router/world.ts";

async function startHeld() {
  const world = makeStagedWorld();
  const events: Event[] = [];
  const server = await startHolder(world.root, (event) => events.push(event));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { ...world, events, path: nginxAt.hold(world.root) };
}

function askHolder(socketPath: string, headers: Record<string, string>) {
  return new Promise<{ status?: number; to?: unknown }>((resolve, reject) => {
    request({ socketPath, headers }, (res) => {
      res.resume();
      resolve({ status: res.statusCode, to: res.headers["x-accel-redirect"] });
    })
      .once("error", reject)
      .end();
  });
}

test("who asks for no site, or without an address, is refused, and the others are answered", async () => {
  const { path } = await startHeld();
  const site = { [SITE_HEADER]: "shop/production" };
  expect(await askHolder(path, {})).toMatchObject({ status: 400 });
  expect(await askHolder(path, { [SITE_HEADER]: "../.." })).toMatchObject({ status: 400 });
  expect(
    await askHolder(path, { ...site, [SITE_HEADER]: "shop/production/x", [URI_HEADER]: "/" }),
  ).toMatchObject({ status: 400 });
  expect(await askHolder(path, site)).toMatchObject({ status: 400 });
  expect(await askHolder(path, { ...site, [URI_HEADER]: "/a?b" })).toEqual({ status: 200, to: "/a?b" });
});

test("what goes wrong with one request is told, and ends nothing", async () => {
  const { path, site, events } = await startHeld();
  rmSync(at.traffic(site));
  symlinkSync("traffic", at.traffic(site));
  const asked = { [SITE_HEADER]: "shop/production", [URI_HEADER]: "/" };
  expect(await askHolder(path, asked)).toMatchObject({ status: 500 });
  expect(events).toMatchObject([{ event: "warning", text: expect.stringContaining("ELOOP") }]);
  expect(await askHolder(path, {})).toMatchObject({ status: 400 });
});

test("nobody gets at its socket but nginx's workers", async () => {
  const { path } = await startHeld();
  expect(statSync(path).mode & 0o777).toBe(0o660);
});

test("a burst of visitors finds room, be the process ever so busy", async () => {
  const { path } = await startHeld();
  const burst = 1500;
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  // The kernel answers at once: nobody accepts while this loop runs.
  const outcomes = Array.from({ length: burst }, () => {
    const socket = connect(path);
    sockets.push(socket);
    return new Promise<string>((resolve) => {
      socket.once("connect", () => resolve("connected")).once("error", ({ message }) => resolve(message));
    });
  });
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["connected"]));
});
