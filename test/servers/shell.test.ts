import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Server } from "../../src/servers/server.ts";
import { openShell } from "../../src/servers/ssh/shell.ts";
import { hasSshd, startHosts } from "../hosts.ts";
import { temporaryFolder } from "../processes/program.ts";

const lacks = !hasSshd ? "needs sshd" : process.getuid?.() === 0 ? null : "whoever logs in must be root";

async function start(options = {}): Promise<Server> {
  const { servers, config } = await startHosts(1, options);
  vi.stubEnv("GREENROOM_SSH_CONFIG", config);
  return servers[0]!;
}

async function open(server: Server, lock: string | null = null) {
  const shell = await openShell(server, lock);
  onTestFinished(() => shell.close());
  return shell;
}

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(lacks)(`a shell on a server (else skipped: ${lacks})`, { timeout: 30_000 }, () => {
  test("runs each program by just its words, and tells how it ended", async () => {
    const server = await start();
    const shell = await open(server);
    expect(shell.port).toBe(server.port);
    const words = ["it's", "$(touch pwned)", "`x`", "a\nb", "", "-n", "*", '"'];
    const said = await shell.run(["printf", "<%s>", ...words]);
    expect(said).toMatchObject({ code: 0, stdout: `${words.map((word) => `<${word}>`).join("")}\n` });
    const failed = await shell.run(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(failed.code).toBe(3);
    expect(failed.lastLines.toSorted()).toEqual(["err", "out"]);
    expect((await shell.run(["sh", "-c", "exit 255"])).code).toBe(255);
  });

  test("gives a program what it is to read, byte by byte, also where it doesn't read it", async () => {
    const shell = await open(await start());
    const file = join(temporaryFolder(), "file");
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
    expect((await shell.run(["dd", `of=${file}`], { input: Readable.from([bytes]) })).code).toBe(0);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect((await shell.run(["false"], { input: Readable.from([bytes]) })).code).toBe(1);
  });

  test("is opened also where a login shell says something first", async () => {
    const server = await start();
    writeFileSync(join(server.root, "../.bashrc"), "echo Welcome; printf 'and more '");
    expect((await open(server)).port).toBe(server.port);
  });

  test("holds a lock as long as it is open", async () => {
    const server = await start();
    const lock = join(temporaryFolder(), "lock");
    const first = await openShell(server, lock);
    await expect(openShell(server, lock)).rejects.toMatchObject({ code: "LOCKED" });
    expect((await (await open(server)).run(["true"])).code).toBe(0);
    await first.close();
    expect((await (await open(server, lock)).run(["true"])).code).toBe(0);
  });

  test("isn't opened to who is unknown", async () => {
    const server = await start({ trusted: false });
    const lock = join(temporaryFolder(), "lock");
    await expect(openShell(server, lock)).rejects.toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    expect(existsSync(lock)).toBe(false);
  });
});
