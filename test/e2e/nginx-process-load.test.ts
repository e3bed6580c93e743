import { spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort, startNginx } from "./load/by-hand.ts";
import { APP, processLoad } from "./load/process.ts";
import { areThere, HOST, LONG, makeLoadWorld } from "./load/world.ts";
import { makeWorld } from "./world.ts";

const SWITCHES = LONG ? 200 : 10;
const LONGEST = LONG ? 10_000 : 2_000;
const NONE = { GET: 0, POST: 0, slow: 0, echo: 0 };

describe.skipIf(!areThere("nginx"))(
  "a process behind nginx (else skipped: needs nginx)",
  { timeout: 900_000 },
  () => {
    test(`${SWITCHES} whole switches disturb no request and no WebSocket`, async () => {
      const { greenroom, port } = await makeLoadWorld(
        { serve: { kind: "process", start: { web: "node app.cjs" } } },
        (release) => ({ "app.cjs": `${APP}// ${release}` }),
      );
      const seen = await processLoad({ port, host: HOST }, LONGEST, async () => {
        for (let i = 0; i < SWITCHES; i++) expect((await greenroom("switch")).exit).toBe(0);
      });
      expect(seen).toMatchObject({ failed: NONE, mixed: 0, changed: 0, open: 16, why: {} });
      expect(Object.keys(seen.releases).sort()).toEqual(["one", "two"]);
      expect(Math.min(...Object.values(seen.answered))).toBeGreaterThan(SWITCHES);
    });

    test("the same load catches an upstream that stays the same and is restarted in place", async () => {
      const { dir } = makeWorld();
      const socket = join(dir, "app.sock");
      const app = await startApp(dir, socket);
      const port = await freePort();
      const nginx = await startNginx(
        join(dir, "nginx"),
        port,
        `map $http_upgrade $kept_or_not { "" ""; default upgrade; }
upstream app { server unix:${socket}; keepalive 32; }
server {
  listen 127.0.0.1:${port};
  location / {
    proxy_pass http://app; proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $kept_or_not;
  }
}`,
      );
      onTestFinished(() => nginx.stop());
      const seen = await processLoad({ port, host: HOST }, LONGEST, async () => {
        for (let i = 0; i < 3; i++) await app.restart(`release-${i}`);
      });
      expect(Math.min(...Object.values(seen.failed))).toBeGreaterThan(0);
      expect(seen.open).toBeLessThan(16);
    });
  },
);

async function startApp(dir: string, socket: string) {
  writeFileSync(join(dir, "app.cjs"), APP);
  const start = async (release: string) => {
    rmSync(socket, { force: true });
    const env = { ...process.env, GREENROOM_RELEASE: release, SOCKET: socket };
    const child = spawn(process.execPath, [join(dir, "app.cjs")], { env, stdio: "inherit" });
    while (!existsSync(socket)) await pause(5);
    return child;
  };
  let child = await start("first");
  onTestFinished(() => void child.kill("SIGKILL"));
  const restart = async (release: string) => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    child = await start(release);
    await pause(200);
  };
  return { restart };
}
