import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { removeTree } from "../../../src/disk/remove.ts";
import type { Nginx } from "../../../src/serving/nginx/places.ts";
import { childrenOf, findNginx, readPid, reload } from "../../../src/serving/nginx/program.ts";
import { has } from "../../certificates.ts";

test.skipIf(!has("nginx"))(
  "nobody waits for an nginx that ends instead of reloading (else skipped: needs nginx)",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "greenroom-reload-"));
    const [conf, pid, errors] = [join(dir, "nginx.conf"), join(dir, "nginx.pid"), join(dir, "error.log")];
    writeFileSync(conf, `daemon off; pid ${pid}; error_log ${errors}; worker_processes 1; events {}\n`);
    const nginx: Nginx = { args: ["-p", dir, "-c", conf, "-e", errors], pid, errors };
    const child = spawn(findNginx(), nginx.args, { stdio: "ignore" });
    const ended = once(child, "exit");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await ended;
      removeTree(dir);
    });
    await vi.waitFor(() => expect(readPid(nginx)).toBe(child.pid));
    const workers = await vi.waitFor(() => {
      const found = childrenOf(child.pid!);
      expect(found).toHaveLength(1);
      return found;
    });
    // They outlive a master that is killed.
    onTestFinished(() => {
      for (const worker of workers) process.kill(Number(worker), "SIGKILL");
    });
    child.kill("SIGSTOP");
    const reloaded = reload(nginx).then(() => "over");
    expect(await Promise.race([reloaded, pause(500, "waits")])).toBe("waits");
    child.kill("SIGKILL");
    expect(await reloaded).toBe("over");
  },
);
