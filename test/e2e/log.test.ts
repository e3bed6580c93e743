import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { hasSshd } from "../hosts.ts";
import { until } from "../processes/program.ts";
import { type Fleet, makeFleet } from "./fleet.ts";

/** `greenroom log --follow`, and all that it has said so far. */
function followLog(shop: Fleet, ...more: string[]) {
  const words = ["log", "production", "--follow", ...more, "--project", shop.project, "--root", shop.root];
  const child = spawn(process.execPath, [resolve("dist/greenroom.mjs"), ...words], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  return { child, said };
}

/** The command lines of all programs that run in one of the servers' roots. */
function leftOn(shop: Fleet): string[] {
  const all = execFileSync("ps", ["-eo", "args", "-ww"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => shop.hosts.servers.some(({ root }) => line.includes(`host --root ${root}`)));
}

const write = (shop: Fleet, server: number, text: string) =>
  appendFileSync(shop.at("log/web.blue.log")[server - 1]!, `${text}\n`);

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const gone = once(child, "exit");
  child.kill(signal);
  return (await gone)[0] as number | null;
}

describe.skipIf(!hasSshd)("log of servers (else skipped: needs sshd)", { timeout: 120_000 }, () => {
  test("all logs of all servers come as one, each line with its server", async () => {
    const shop = await makeFleet(2);
    await shop.greenroom("deploy", "production");
    write(shop, 2, "2026-11-21T10:00:02Z second");
    write(shop, 1, "2026-11-21T10:00:01Z \u001b[2Jfirst");
    write(shop, 1, "2026-11-21T10:00:03Z third");
    const { result } = await shop.greenroom("log", "production", "--lines", "100");
    const processes = result.lines.filter(({ source }: { source: string }) => source === "web.blue");
    expect(processes).toMatchObject([
      { server: "web1", text: expect.stringContaining("first") },
      { server: "web2", text: expect.stringContaining("second") },
      { server: "web1", text: expect.stringContaining("third") },
    ]);
    const { stdout } = await shop.plain("log", "production", "--lines", "100");
    expect(stdout).toContain("\\u001b[2Jfirst");
    expect(stdout).toMatch(/web2 journal \| stage, by \S+@/);
    const one = await shop.greenroom("log", "production", "--server", "web2");
    expect(new Set(one.result.lines.map(({ server }: { server: string }) => server))).toEqual(
      new Set(["web2"]),
    );
    const operations = (await shop.greenroom("log", "production", "--last", "9")).result.operations;
    expect(operations.map(({ server }: { server: string }) => server).sort()).toContain("web2");
    expect(await shop.greenroom("log", "production", "--server", "web9")).toMatchObject({ exit: 2 });
    await shop.hosts.stop("web1");
    const rest = await shop.greenroom("log", "production");
    expect([rest.exit, rest.result.lines.length > 0]).toEqual([0, true]);
    expect(JSON.stringify(rest.events)).toContain("web1 (");
  });

  test("is followed until Ctrl-C, and nothing goes on over there", async () => {
    const shop = await makeFleet(2);
    await shop.greenroom("deploy", "production");
    const { child, said } = followLog(shop);
    await until("both are followed", () => /web1 journal[\s\S]*web2 journal|web2[\s\S]*web1/.test(said.out));
    expect(leftOn(shop).length).toBe(2);
    write(shop, 2, "a new line");
    await until("it is told", () => said.out.includes("web2 web.blue | a new line"));
    expect(await end(child, "SIGINT")).toBe(0);
    await until("nothing is left", () => leftOn(shop).length === 0);
  });

  test("a line that is cut leaves nothing behind; nor does one whose reader goes away", async () => {
    const shop = await makeFleet(1);
    await shop.greenroom("deploy", "production");
    const killed = followLog(shop);
    await until("it is followed", () => killed.said.out.includes("journal"));
    expect(leftOn(shop).length).toBe(1);
    await end(killed.child, "SIGKILL");
    await until("nothing is left", () => leftOn(shop).length === 0);
    const read = followLog(shop);
    await until("it is followed", () => read.said.out.includes("journal"));
    const gone = once(read.child, "exit");
    read.child.stdout.destroy();
    write(shop, 1, "nobody reads this");
    await gone;
    await until("nothing is left", () => leftOn(shop).length === 0);
  });

  test("a server that dies meanwhile is said, the others go on, and it goes on where it was", async () => {
    const shop = await makeFleet(2);
    await shop.greenroom("deploy", "production");
    const { said } = followLog(shop, "--json");
    await until("both are followed", () => said.out.includes('"web1"') && said.out.includes('"web2"'));
    await shop.hosts.kill("web1");
    await until("it is said", () => /"warning","text":"[^"]*web1/.test(said.out));
    write(shop, 1, "while it is away");
    write(shop, 2, "from the other");
    await until("the other goes on", () => said.out.includes("from the other"));
    await shop.hosts.start("web1");
    await until("it is back", () => said.out.includes("while it is away"), 60_000);
    expect(said.out.match(/while it is away/g)?.length).toBe(1);
    expect(said.out.match(/web1[^\n]*journal[^\n]*stage: done/g)?.length).toBe(1);
  });
});
