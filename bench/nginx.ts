import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram, freePort } from "../test/e2e/load/by-hand.ts";
import { greenroomArgv, time } from "./cli.ts";
import { end, setUp, startUp } from "./serve.ts";
import { median, type Row, range, times } from "./table.ts";
import { writeProject } from "./tree.ts";
import { type Load, load } from "./wrk.ts";

const ROUNDS = 15;
const SECONDS = 2;
const BODY = "x".repeat(2048);

const APP = `require("node:http").createServer((_, answer) => {
  answer.writeHead(200, { "content-type": "text/plain", "content-length": 2048 });
  answer.end(${JSON.stringify(BODY)});
}).listen(process.env.SOCKET);`;

interface Target {
  port: number;
  host: string;
  path: string;
}

/** Greenroom's nginx beside one whose configuration somebody wrote by hand, in the same run. */
export async function benchNginx(dir: string): Promise<Row[]> {
  const root = join(dir, "nginx-root");
  const files = { project: join(dir, "nginx-files"), root };
  const app = { project: join(dir, "nginx-app"), root };
  writeProject(files.project, {
    project: "files",
    environments: { production: { domain: "files.localhost" } },
  });
  writeFileSync(join(files.project, "page.txt"), BODY);
  const serve = { kind: "process", start: { web: "node app.cjs" } };
  writeProject(app.project, {
    project: "app",
    serve,
    environments: { production: { domain: "app.localhost" } },
  });
  writeFileSync(join(app.project, "app.cjs"), APP);
  const [port, fixedPort] = [await setUp(root), await freePort()];
  const up = await startUp(root, port);
  let fixed: ChildProcess | null = null;
  try {
    for (const world of [files, app]) time(greenroomArgv(world, "deploy"));
    writeFileSync(join(files.project, "page.txt"), BODY.replace("x", "y"));
    writeFileSync(join(app.project, "app.cjs"), `${APP}\n`);
    // To green, which nginx finds at its second look.
    for (const world of [files, app]) time(greenroomArgv(world, "deploy", "--switch"));
    const at = (project: string, path: string) => join(root, "sites", project, "production", path);
    const release = realpathSync(at("files", "green"));
    fixed = startFixed(dir, fixedPort, release, at("app", "run/green.sock"));
    await pause(500);
    const [ours, theirs] = [
      { port, host: "files.localhost" },
      { port: fixedPort, host: "x" },
    ];
    return [
      ...(await compare(
        "static",
        "a fixed root",
        { ...ours, path: "/page.txt" },
        { ...theirs, path: "/page.txt" },
      )),
      ...(await compare(
        "proxied",
        "a fixed upstream",
        { port, host: "app.localhost", path: "/" },
        { ...theirs, path: "/app" },
      )),
      ...(await compare(
        "proxied",
        "a fixed upstream that is told as much",
        { port, host: "app.localhost", path: "/" },
        { ...theirs, path: "/told" },
      )),
    ];
  } finally {
    await Promise.all([up.stop(), fixed && end(fixed)]);
  }
}

async function compare(what: string, against: string, ours: Target, theirs: Target): Promise<Row[]> {
  const [mine, fixed]: Load[][] = [[], []];
  for (const target of [ours, theirs]) await load({ ...target, seconds: 1 });
  for (let round = 0; round < ROUNDS; round++) {
    mine!.push(await load({ ...ours, seconds: SECONDS }));
    fixed!.push(await load({ ...theirs, seconds: SECONDS }));
  }
  const row = (name: string, wanted: string, unit: string, of: (load: Load) => number): Row => ({
    what: `nginx, ${what}, ${name}`,
    against: `nginx by hand, ${against}`,
    wanted,
    measured: times(median(mine!.map((one, i) => of(one) / of(fixed![i]!)))),
    behind: `${range(mine!.map(of), unit)}; ${range(fixed!.map(of), unit)}`,
  });
  return [
    row("requests/s", "≥ 0.9 ×", "/s", (one) => one.rate),
    row("p99", "≤ 1.2 ×", "ms", (one) => one.p99),
  ];
}

/** What an experienced person would write: all that makes nginx fast, an access log, and the same headers as ours. */
function startFixed(dir: string, port: number, root: string, socket: string): ChildProcess {
  const own = join(dir, "fixed");
  mkdirSync(join(own, "tmp"), { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(
    join(own, "nginx.conf"),
    `daemon off; pid ${own}/pid; error_log ${own}/error.log; worker_processes auto;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http {
  ${temporary.map((what) => `${what}_temp_path ${own}/tmp/${what};`).join(" ")}
  types { text/plain txt; }
  sendfile on; tcp_nopush on; keepalive_requests 100000; server_tokens off; charset utf-8;
  gzip on; gzip_vary on; gzip_types text/plain;
  access_log ${own}/access.log combined buffer=32k flush=1s;
  map $http_upgrade $upgrade { default ""; ~*^websocket$ websocket; }
  map $upgrade $hop { default ""; websocket upgrade; }
  upstream app { server unix:${socket}; keepalive 32; }
  server {
    listen 127.0.0.1:${port} reuseport;
    root ${root};
    add_header X-Content-Type-Options nosniff always;
    location / {
      try_files $uri $uri/ =404;
      add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-cache;
    }
    location /app {
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    }
    location /told {
      proxy_pass http://app; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
      proxy_set_header Host $http_host; proxy_set_header Upgrade $upgrade; proxy_set_header Connection $hop;
      proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port; proxy_set_header Forwarded "";
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`,
  );
  return spawn(findProgram("nginx")!, ["-p", own, "-c", join(own, "nginx.conf")], { stdio: "inherit" });
}
