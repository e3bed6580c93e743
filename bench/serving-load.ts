import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram, freePort, type Started, start, startNginx } from "../test/e2e/load/by-hand.ts";
import { type Checked, checkedLoad, failedOf, socketErrorsOf } from "../test/e2e/load/checked.ts";
import { switchOften } from "../test/e2e/load/switch.ts";
import { greenroomArgv, time } from "./cli.ts";
import { setUp, startUp } from "./serve.ts";
import type { Row } from "./table.ts";
import { writeProject } from "./tree.ts";

const HOST = "load.localhost";
const SWITCHES = 1000;
const REQUESTS = 500_000;
const RELOADS = 100;

/**
 * What a new release costs visitors. One client and one count for all: a failure is a request that was sent and got no
 * answer of 200, whole and of one release. A connection that is closed with nothing on it is none. A browser may ask
 * again by itself where it was a GET; nobody does so for a POST.
 */
export async function benchServingLoad(dir: string): Promise<Row[]> {
  return [await switches(dir), ...(await reloads(dir))];
}

const page = (release: string) => `release ${release}\n`.repeat(400);

async function switches(dir: string): Promise<Row> {
  const world = { project: join(dir, "load"), root: join(dir, "load-root") };
  writeProject(world.project, { project: "load", environments: { production: { domain: HOST } } });
  const up = await startUp(world.root, await setUp(world.root));
  try {
    for (const release of ["one", "two"]) {
      writeFileSync(join(world.project, "index.html"), page(release));
      time(greenroomArgv(world, "deploy"));
    }
    const rounds: Checked[] = [];
    do {
      rounds.push(await checkedLoad({ port: up.port, host: HOST }, () => switchOften(world.root, SWITCHES)));
    } while (sum(rounds, (one) => one.answered) < REQUESTS);
    return row(`nginx, ${SWITCHES * rounds.length} switches`, "0 failed", rounds);
  } finally {
    await up.stop();
  }
}

async function reloads(dir: string): Promise<Row[]> {
  const site = join(dir, "by-hand");
  mkdirSync(site);
  writeFileSync(join(site, "index.html"), page("one"));
  const port = await freePort();
  const nginx = await startNginx(
    join(dir, "by-hand-nginx"),
    port,
    `server { listen 127.0.0.1:${port}; root ${site}; }`,
  );
  try {
    return [
      await reload("nginx -s reload", nginx, "SIGHUP", port),
      ...(await reloadHaproxy(dir, port, "as Debian sets it up", "")),
      ...(await reloadHaproxy(
        dir,
        port,
        "that lets kept connections ask once more",
        "option idle-close-on-response",
      )),
    ];
  } finally {
    await nginx.stop();
  }
}

/** Listening sockets are handed on from one to the next, so that none is ever closed. */
async function reloadHaproxy(dir: string, behind: number, how: string, option: string): Promise<Row[]> {
  const program = findProgram("haproxy");
  if (!program) return [];
  const [own, port] = [join(dir, `haproxy-${option.length}`), await freePort()];
  mkdirSync(own);
  const config = join(own, "haproxy.cfg");
  writeFileSync(
    config,
    `global
  stats socket ${own}/admin.sock mode 660 level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  ${option}
frontend site
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${behind}
`,
  );
  const haproxy = await start([program, "-W", "-S", join(own, "master.sock"), "-f", config], port);
  try {
    return [await reload(`HAProxy reload, ${how}`, haproxy, "SIGUSR2", port)];
  } finally {
    await haproxy.stop();
  }
}

async function reload(what: string, { pid }: Started, signal: NodeJS.Signals, port: number): Promise<Row> {
  const seen = await checkedLoad({ port, host: HOST }, async () => {
    for (let i = 0; i < RELOADS; i++) {
      process.kill(pid, signal);
      await pause(250);
    }
  });
  return row(`what others do: ${RELOADS} × ${what}`, "-", [seen]);
}

function row(what: string, wanted: string, rounds: Checked[]): Row {
  const [failed, broken, mixed] = [failedOf, socketErrorsOf, (one: Checked) => one.mixed].map((of) =>
    sum(rounds, of),
  );
  return {
    what,
    against: "-",
    wanted,
    measured: `${failed} failed (${broken} socket errors), ${mixed} mixed`,
    behind: `${sum(rounds, (one) => one.answered)} requests on 64 kept connections`,
  };
}

function sum(rounds: Checked[], of: (one: Checked) => number): number {
  return rounds.reduce((total, one) => total + of(one), 0);
}
