import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { orNull } from "../../src/disk/durable.ts";
import { siteOf } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import { errnoOf } from "../../src/errors.ts";
import type { Manifest } from "../../src/release/manifest.ts";
import { openStore } from "../../src/release/store.ts";
import type { Host } from "../../src/servers/host.ts";
import { receive } from "../../src/servers/releases/receive.ts";
import { connect } from "../../src/servers/remote.ts";
import type { Server } from "../../src/servers/server.ts";
import { readHostKey } from "../../src/servers/ssh/host-keys.ts";
import { quoteWords } from "../../src/servers/ssh/quote.ts";
import { specOf } from "../environment/world.ts";
import { hasSshd, startHosts } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { temporaryFolder } from "../release/world.ts";
import { startProxy } from "./cutting.ts";
import { builtBundle, makeRelease } from "./world.ts";

const CUTS = process.env.GREENROOM_FAULTS === "long" ? 220 : 10;
const FILES = 40;

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasSshd)("a line that is cut (else skipped: needs sshd)", { timeout: 1_800_000 }, () => {
  test(`${CUTS} times in upload, staging and switch leaves visitors at one release or the other`, async () => {
    const { servers, config } = await startHosts(1);
    vi.stubEnv("GREENROOM_SSH_CONFIG", config);
    const direct = servers[0]!;
    const proxy = await startProxy({ host: "127.0.1.1", port: direct.port! });
    const { key } = readHostKey(direct);
    const user = direct.ssh.split("@")[0]!;
    const cut: Server = { ...direct, ssh: `${user}@127.0.0.1`, port: proxy.port, hostKey: key };
    const spec = specOf({ checks: [] });
    const site = siteOf(direct.root, "shop", "production");
    const [source, store] = [temporaryFolder(), openStore(temporaryFolder())];
    const make = (version: string) => {
      writeVersion(source, version);
      return makeRelease(store, source, version);
    };
    let sent = 0;
    const reach = (server: Server) =>
      connect(server, {
        bundle: builtBundle(),
        by: "me@laptop",
        emit: (event) => {
          if (event.event === "progress" && event.what === "sent") sent = event.total ?? 0;
        },
      });
    const release = async (host: Host, manifest: Manifest) => {
      await receive(host, store, manifest);
      await host.operate(spec, "stage", { release: manifest.version, dryRun: false });
      await host.operate(spec, "check", { dryRun: false });
      if (readState(site).sides[readState(site).live ?? "green"] !== manifest.version) {
        await host.operate(spec, "switch", { force: false, dryRun: false });
      }
    };
    const seen = () => {
      const live = join(site.dir, "traffic/live");
      if (!existsSync(live)) return null;
      // What goes on there may switch between two looks, as between two requests of one visitor.
      const versions = versionsIn(realpathSync(live));
      expect(versions.length).toBe(1);
      return versions[0]!;
    };

    proxy.cutAt(Number.POSITIVE_INFINITY);
    const whole = await reach(cut);
    await release(whole, make("v0"));
    await whole.close();
    const all = sent;
    const packets = proxy.packets;
    expect(seen()).toBe("v0");

    const fates = { cut: 0, done: 0 };
    let partly = 0;
    for (let i = 1; i <= CUTS; i++) {
      const before = seen();
      const manifest = make(`v${i}`);
      proxy.cutAt(Math.ceil((i * packets) / CUTS));
      const fate = await reach(cut).then(
        async (host) => {
          try {
            await release(host, manifest);
            return "done" as const;
          } catch (error) {
            expect(error).toMatchObject({ code: "LINE_CUT" });
            return "cut" as const;
          } finally {
            await host.close();
          }
        },
        (error: unknown) => {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(SERVER_UNREACHABLE|LINE_CUT)$/) });
          return "cut" as const;
        },
      );
      fates[fate] += 1;
      expect([before, `v${i}`]).toContain(seen());

      sent = 0;
      await until("what was begun has ended, and the same again works", async () => {
        const host = await reach(direct);
        try {
          await release(host, manifest);
          return true;
        } catch (error) {
          if ((error as { code?: string }).code === "LOCKED") return false;
          throw error;
        } finally {
          await host.close();
        }
      });
      if (sent < all) partly += 1;
      expect(seen()).toBe(`v${i}`);
    }
    expect(fates.cut).toBeGreaterThan(CUTS / 2);
    // Some were cut after their contents had come: nothing of that was sent again.
    expect(partly).toBeGreaterThan(0);
  });

  test("leaves visitors between two releases, where files are written one by one to where they look", async () => {
    const { servers, config } = await startHosts(1);
    const [direct] = servers as [Server];
    const proxy = await startProxy({ host: "127.0.1.1", port: direct.port! });
    const [source, live] = [temporaryFolder(), mkdtempSync(join(tmpdir(), "gr-between-"))];
    // What was begun there may go on for a moment.
    onTestFinished(async () => void (await until("nobody writes there any more", () => isRemoved(live))));
    writeVersion(live, "v0");
    writeVersion(source, "v1");
    const pack = join(temporaryFolder(), "pack.tar");
    execFileSync("tar", ["-C", source, "-cf", pack, "."]);
    const user = direct.ssh.split("@")[0]!;
    const trusting = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const ssh = ["-F", config, ...trusting, "-p", String(proxy.port), `${user}@127.0.0.1`];
    let isBetween = false;
    const words = quoteWords(["tar", "-C", live, "-xf", "-"]);
    for (let cut = 20; !isBetween && cut < 200; cut++) {
      proxy.cutAt(cut);
      const child = spawn("ssh", [...ssh, words], { stdio: ["pipe", "ignore", "ignore"] });
      child.stdin!.on("error", () => {}).end(readFileSync(pack));
      await once(child, "close");
      isBetween = versionsIn(live).length > 1;
    }
    expect(isBetween).toBe(true);
  });
});

/** Files that say which version they are of. */
function writeVersion(folder: string, version: string): void {
  for (let i = 0; i < FILES; i++) {
    const content = Buffer.concat([Buffer.from(`${version}\n`), randomBytes(8_000)]);
    writeFileSync(join(folder, `${i}.bin`), content);
  }
}

function isRemoved(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOTEMPTY") return false;
    throw error;
  }
}

/** What visitors could get just now; null where there is nothing to get. */
function versionsIn(folder: string): (string | null)[] {
  const versions = Array.from({ length: FILES }, (_, i) => {
    const bytes = orNull(() => readFileSync(join(folder, `${i}.bin`)), "ENOENT");
    return bytes && bytes.toString("latin1").split("\n")[0]!;
  });
  return [...new Set(versions)];
}
