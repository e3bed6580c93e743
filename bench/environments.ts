import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { other } from "../src/environment/sides.ts";
import { siteOf } from "../src/environment/site.ts";
import { moveTraffic, readTraffic } from "../src/environment/traffic.ts";
import { nginxOf } from "../src/serving/nginx/places.ts";
import { childrenOf, readPid, reload, testConfig } from "../src/serving/nginx/program.ts";
import { checkedLoad, failedOf } from "../test/e2e/load/checked.ts";
import { greenroomArgv, time } from "./cli.ts";
import { type Many, makeMany } from "./many.ts";
import { median, type Row, range, times } from "./table.ts";

const FEW = 10;
const MANY = 2000;
const ROUNDS = 9;
const MOVES = 100;
const SECONDS = 3;

/** Two roots served at the same time, measured in turn. */
export async function benchEnvironments(dir: string): Promise<Row[]> {
  const few = await makeMany(dir, FEW);
  const many = await makeMany(dir, MANY);
  const pair: Pair = [few, many];
  try {
    return [
      await compare("greenroom switch", "1 ×", "ms", ROUNDS, pair, ({ small, root }) =>
        time(greenroomArgv({ project: small, root }, "switch", "e5")),
      ),
      await compare("the same, all in one greenroom.json", "1 ×", "ms", ROUNDS, pair, ({ project, root }) =>
        time(greenroomArgv({ project, root }, "switch", "e5")),
      ),
      await compare("the move of traffic in it", "1 ×", "ms", MOVES, pair, move),
      ...(await compareLatency("of one environment", pair, () => 1)),
      ...(await compareLatency("of all in turn", pair, ({ environments }) => environments)),
      await compare("nginx's memory", "-", "MB", 1, pair, ({ root }) => memory(root, "Pss")),
      await compare("the same, as RSS counts it", "-", "MB", 1, pair, ({ root }) => memory(root, "Rss")),
      await compare("nginx -t and a reload", "-", "ms", 5, pair, retell),
      await compare("greenroom up at rest, of a core", "-", "%", 3, pair, ({ pid }) => busy(pid)),
    ];
  } finally {
    await Promise.all([few.stop(), many.stop()]);
  }
}

type Pair = [few: Many, many: Many];

async function compare(
  what: string,
  wanted: string,
  unit: string,
  rounds: number,
  [few, many]: Pair,
  measure: (root: Many) => number | Promise<number>,
): Promise<Row> {
  const [ofFew, ofMany]: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ofFew!.push(await measure(few));
    ofMany!.push(await measure(many));
  }
  return rowOf(what, wanted, unit, ofFew!, ofMany!);
}

function rowOf(what: string, wanted: string, unit: string, few: number[], many: number[]): Row {
  return {
    what: `${MANY} environments, ${what}`,
    against: `${FEW} environments`,
    wanted,
    measured: times(median(many.map((one, i) => one / few[i]!))),
    behind: `${range(many, unit)}; ${range(few, unit)}`,
  };
}

function move({ root }: Many): number {
  const site = siteOf(root, "many", "e7");
  const { generation, live } = readTraffic(site)!;
  const started = performance.now();
  moveTraffic(site, { generation: generation + 1, live: other(live), share: 0 });
  return performance.now() - started;
}

async function compareLatency(whose: string, pair: Pair, hosts: (root: Many) => number): Promise<Row[]> {
  const seen: { p50: number; p99: number }[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, root] of pair.entries()) {
      const target = { port: root.port, host: "e%d.many.localhost", hosts: hosts(root) };
      const load = await checkedLoad(target, () => pause(SECONDS * 1000));
      if (failedOf(load) + load.mixed > 0) throw new Error(`failed: ${JSON.stringify(load)}`);
      if (round > 0) seen[i]!.push(load);
    }
  }
  const [few, many] = seen;
  return (["p50", "p99"] as const).map((what) =>
    rowOf(
      `${what} ${whose}`,
      "1 ×",
      "ms",
      few!.map((one) => one[what]),
      many!.map((one) => one[what]),
    ),
  );
}

/** Megabytes of its master and workers. What they share Pss counts once, and Rss in each. */
function memory(root: string, what: "Pss" | "Rss"): number {
  const master = readPid(nginxOf(root, true))!;
  const kilobytes = [String(master), ...childrenOf(master)].map((pid) =>
    Number(
      new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1],
    ),
  );
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1000;
}

/** What becomes of the first deployment of an environment, and of a domain that changes. */
async function retell({ root }: Many): Promise<number> {
  const nginx = nginxOf(root, true);
  const started = performance.now();
  testConfig(nginx);
  await reload(nginx);
  return performance.now() - started;
}

async function busy(pid: number): Promise<number> {
  const [ticks, started] = [ticksOf(pid), performance.now()];
  await pause(SECONDS * 1000);
  // A tick is a hundredth of a second.
  return (100 * (ticksOf(pid) - ticks) * 10) / (performance.now() - started);
}

function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
