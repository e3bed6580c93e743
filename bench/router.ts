import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { greenroomArgv, time } from "./cli.ts";
import { requestsPerSecond } from "./load.ts";
import { median, type Row, range, times } from "./table.ts";
import { writeProject } from "./tree.ts";

const ROUNDS = 5;
const SECONDS = 3;
const BODY = "x".repeat(2048);

const APP = `require("node:http").createServer((_, answer) => {
  answer.writeHead(200, { "content-type": "text/plain", "content-length": 2048 });
  answer.end(${JSON.stringify(BODY)});
}).listen(process.env.SOCKET, () => console.log(0));`;

/** One Node process each for the router and for its competitor; the load comes from this one. */
export async function benchRouter(dir: string): Promise<Row[]> {
  const files = { project: join(dir, "files"), root: join(dir, "router-root") };
  writeProject(files.project, {
    project: "files",
    environments: { production: { domain: "files.localhost" } },
  });
  writeFileSync(join(files.project, "page.txt"), BODY);
  const app = { project: join(dir, "app"), root: files.root };
  const serve = { kind: "process", start: { web: "node app.cjs" } };
  writeProject(app.project, {
    project: "app",
    serve,
    environments: { production: { domain: "app.localhost" } },
  });
  writeFileSync(join(app.project, "app.cjs"), APP);
  mkdirSync(files.root);

  const started: ChildProcess[] = [];
  try {
    const up = await serveWith(
      started,
      greenroomArgv(files, "up", "--port", "0").filter((word) => !isProject(word, files)),
    );
    for (const world of [files, app]) time(greenroomArgv(world, "deploy"));
    const sirv = await serveWith(started, node(SIRV, files.project));
    const socket = join(files.root, "sites/app/production/run/blue.sock");
    const proxy = await serveWith(started, node(HTTPXY, socket));
    return [
      await compare(
        "router, static requests/s",
        "plain sirv",
        [up, "files.localhost", "/page.txt"],
        [sirv, "x", "/page.txt"],
      ),
      await compare(
        "router, proxied requests/s",
        "plain httpxy",
        [up, "app.localhost", "/"],
        [proxy, "x", "/"],
      ),
    ];
  } finally {
    await Promise.all(started.map(end));
  }
}

type Target = [port: number, host: string, path: string];

async function compare(what: string, against: string, ours: Target, theirs: Target): Promise<Row> {
  const rates: [number[], number[]] = [[], []];
  for (const target of [ours, theirs]) await requestsPerSecond(...target, 1);
  for (let round = 0; round < ROUNDS; round++) {
    rates[0].push(await requestsPerSecond(...ours, SECONDS));
    rates[1].push(await requestsPerSecond(...theirs, SECONDS));
  }
  return {
    what,
    against,
    wanted: "≥ 0.8 ×",
    measured: times(median(rates[0].map((rate, i) => rate / rates[1][i]!))),
    behind: `${range(rates[0], "/s")}; ${range(rates[1], "/s")}`,
  };
}

const SIRV = `
import sirv from "sirv";
import { createServer } from "node:http";
const handler = sirv(process.argv[1], { dev: false });
const server = createServer((request, answer) => handler(request, answer, () => answer.writeHead(404).end()));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

const HTTPXY = `
import { createProxyServer } from "httpxy";
import { createServer } from "node:http";
const proxy = createProxyServer({ target: { socketPath: process.argv[1] } });
const server = createServer((request, answer) => proxy.web(request, answer).catch(() => answer.writeHead(502).end()));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

function node(program: string, argument: string): string[] {
  return [process.execPath, "--input-type=module", "--eval", program, argument];
}

function isProject(word: string, { project }: { project: string }): boolean {
  return word === "--project" || word === project;
}

/** Starts a server and answers the port that it prints. */
async function serveWith(started: ChildProcess[], argv: string[]): Promise<number> {
  const child = spawn(argv[0]!, argv.slice(1), { cwd: resolve("."), stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as number | { event: string; port: number };
    if (typeof said === "number") return said;
    if (said.event === "ready") return said.port;
  }
  throw new Error(`${argv.join(" ")} ended before it listened`);
}

function end(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return gone;
}
