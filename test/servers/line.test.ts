import { createHash } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Server } from "../../src/servers/server.ts";
import { readHostKey } from "../../src/servers/ssh/host-keys.ts";
import { openLine } from "../../src/servers/ssh/line.ts";
import type { Bundle } from "../../src/servers/ssh/script.ts";
import { encodeMessage, readMessages } from "../../src/servers/wire.ts";
import { type Hosts, hasSshd, startHosts } from "../hosts.ts";

/** Says back what it is told, and what it was started with. */
const ECHO = bundleOf(`
process.stdout.write(JSON.stringify({ hello: process.argv.slice(2) }) + "\\n");
process.stdin.pipe(process.stdout);
`);

function bundleOf(source: string): Bundle {
  const content = Buffer.from(source);
  return { version: "1.2.3", sha256: createHash("sha256").update(content).digest("hex"), content };
}

/** Where Node keeps what it compiles, it makes a folder as well. */
function programsIn({ root }: Server): string[] {
  return readdirSync(join(root, "bin")).filter((name) => !name.endsWith(".compiled"));
}

async function start(count = 1, options = {}): Promise<Hosts> {
  const hosts = await startHosts(count, options);
  vi.stubEnv("GREENROOM_SSH_CONFIG", hosts.config);
  return hosts;
}

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasSshd)("a line to a server (else skipped: needs sshd)", { timeout: 30_000 }, () => {
  test("brings the program there once, and talks to it", async () => {
    const { servers } = await start();
    const [server] = servers;
    for (let round = 0; round < 2; round++) {
      const line = await openLine(server!, ECHO);
      const messages = readMessages(line.said);
      const { value: hello } = await messages.next();
      expect(hello.head).toEqual({ hello: ["host", "--root", server!.root] });
      await line.write(encodeMessage({ op: "x" }, Buffer.from("body\n\0")));
      const { value: back } = await messages.next();
      expect([back.head.op, back.body.toString()]).toEqual(["x", "body\n\0"]);
      await line.close();
      expect(programsIn(server!)).toEqual([`greenroom-1.2.3-${ECHO.sha256}.mjs`]);
    }
  });

  test("has Node keep what it compiled the program to beside it, and nowhere else", async () => {
    const { servers } = await start();
    const asks = bundleOf(
      `process.stdout.write(JSON.stringify({ hello: process.env.NODE_COMPILE_CACHE }) + "\\n");`,
    );
    const line = await openLine(servers[0]!, asks);
    const { value: hello } = await readMessages(line.said).next();
    expect(hello.head).toEqual({
      hello: join(servers[0]!.root, "bin", `greenroom-1.2.3-${asks.sha256}.compiled`),
    });
    await line.close();
  });

  test("passes over what a login shell says first, and tells who isn't Greenroom at all", async () => {
    const { servers } = await start();
    const [server] = servers;
    const says = (script: string) => writeFileSync(join(server!.root, "../.bashrc"), script);
    says("echo Welcome; printf 'and more '");
    for (let round = 0; round < 2; round++) {
      const line = await openLine(server!, ECHO);
      const { value: hello } = await readMessages(line.said).next();
      expect(hello.head).toEqual({ hello: ["host", "--root", server!.root] });
      await line.close();
    }
    for (const script of ["echo Go away; exit", "cat /dev/zero | head -c 100000; sleep 60"]) {
      says(script);
      await expect(openLine(server!, ECHO)).rejects.toMatchObject({ code: "SERVER_REFUSED" });
    }
  });

  test("has a root with any name taken for just that", async () => {
    const { servers } = await start();
    const strange = join(servers[0]!.root, 'it\'s a $(touch pwned) `root`; "x" & ~');
    const line = await openLine({ ...servers[0]!, root: strange }, ECHO);
    expect((await readMessages(line.said).next()).value.head).toEqual({ hello: ["host", "--root", strange] });
    await line.close();
    expect(existsSync(join(strange, "bin"))).toBe(true);
  });

  test("runs nothing but the bytes that were meant", async () => {
    const { servers } = await start();
    const line = await openLine(servers[0]!, { ...ECHO, sha256: "0".repeat(64) });
    expect((await readMessages(line.said).next()).done).toBe(true);
    expect((await line.why()).detail.join()).toContain("the program came damaged");
    expect(programsIn(servers[0]!)).toEqual([]);
  });

  test("isn't opened to who is unknown, until somebody trusts the key that is shown", async () => {
    const hosts = await start(1, { trusted: false });
    const [server] = hosts.servers;
    await expect(openLine(server!, ECHO)).rejects.toMatchObject({
      code: "HOST_KEY_UNKNOWN",
      hint: "greenroom server trust web1",
    });
    const { key, fingerprint, line } = readHostKey(server!);
    expect(fingerprint).toMatch(/^SHA256:/);
    const pinned = await openLine({ ...server!, hostKey: key }, ECHO);
    await pinned.close();
    writeFileSync(join(hosts.config, "../known_hosts"), `${line}\n`);
    await (await openLine(server!, ECHO)).close();
  });

  test("isn't opened to who shows another key than before, pinned or known", async () => {
    const hosts = await start();
    const [server] = hosts.servers;
    const { key } = readHostKey(server!);
    await (await openLine(server!, ECHO)).close();
    await hosts.impersonate("web1");
    for (const hostKey of [null, key]) {
      await expect(openLine({ ...server!, hostKey }, ECHO)).rejects.toMatchObject({
        code: "HOST_KEY_CHANGED",
      });
    }
  });

  test("says why there is none: nobody listens, or the key isn't let in", async () => {
    const hosts = await start();
    const [server] = hosts.servers;
    await expect(openLine({ ...server!, ssh: "nobody-here@127.0.1.1" }, ECHO)).rejects.toMatchObject({
      code: "SERVER_REFUSED",
      hint: `make this work first: ssh -F ${hosts.config} -p ${server!.port} nobody-here@127.0.1.1`,
    });
    await hosts.stop("web1");
    await expect(openLine(server!, ECHO)).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  });
});
