import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../test/e2e/load/by-hand.ts";
import { type OpenHosts, openHosts } from "../test/open-hosts.ts";
import { commit, type Deploy, makeCapistrano } from "./capistrano.ts";
import { greenroomArgv, runQuietly, settle } from "./cli.ts";
import { median, type Row, range, times } from "./table.ts";
import { changeFiles, makeTree, writeProject } from "./tree.ts";
import { countBytes } from "./wire.ts";

const FILES = 50_000;
const CHANGED = 50;
const ROUNDS = 5;

/** A deployment over SSH, beside what people deploy with. */
export async function benchDeploy(dir: string): Promise<Row[]> {
  const project = join(dir, "deployed");
  writeProject(project);
  makeTree(project, FILES);
  const hosts = await openHosts(1);
  trustAnyPort(hosts);
  try {
    const ways = {
      greenroom: byGreenroom(project, hosts),
      rsync: byRsync(project, hosts),
      ...(findProgram("cap") && { capistrano: makeCapistrano(dir, project, hosts) }),
    };
    return await compare(project, hosts.servers[0]!.port!, ways);
  } finally {
    await hosts.close();
  }
}

async function compare(project: string, port: number, ways: Record<string, Deploy>): Promise<Row[]> {
  for (const deploy of Object.values(ways)) await deploy(port, 0);
  const empty = () => Object.fromEntries(Object.keys(ways).map((name): [string, number[]] => [name, []]));
  const [took, bytes] = [empty(), empty()];
  for (let round = 1; round <= ROUNDS; round++) {
    changeFiles(project, FILES, CHANGED, `round ${round}`);
    commit(project);
    for (const [name, deploy] of Object.entries(ways)) {
      settle();
      const started = performance.now();
      await deploy(port, round);
      took[name]!.push((performance.now() - started) / 1000);
    }
  }
  for (let round = ROUNDS + 1; round <= 2 * ROUNDS; round++) {
    changeFiles(project, FILES, CHANGED, `round ${round}`);
    commit(project);
    for (const name of ["greenroom", "rsync"]) {
      const seen = await countBytes(port, (counted) => ways[name]!(counted, round));
      bytes[name]!.push(seen / 1000);
    }
  }
  const row = (against: string, unit: string, wanted: string, ratio: number, of: number[][]): Row => ({
    what: `deploy and switch over SSH, ${FILES} files, ${CHANGED} changed, ${unit}`,
    against,
    wanted,
    measured: times(ratio),
    behind: of.map((one) => range(one, unit)).join("; "),
  });
  const faster = (name: string) => median(took[name]!.map((theirs, i) => theirs / took.greenroom![i]!));
  return [
    row("rsync -az --link-dest", "s", "≥ 2 ×", faster("rsync"), [took.greenroom!, took.rsync!]),
    ...(took.capistrano
      ? [row("Capistrano", "s", "≥ 5 ×", faster("capistrano"), [took.greenroom!, took.capistrano])]
      : []),
    row(
      "rsync -az --link-dest",
      "KB",
      "> 1 ×",
      median(bytes.rsync!.map((theirs, i) => theirs / bytes.greenroom![i]!)),
      [bytes.greenroom!, bytes.rsync!],
    ),
  ];
}

function byGreenroom(project: string, { servers: [server], config }: OpenHosts): Deploy {
  process.env.GREENROOM_SSH_CONFIG = config;
  return async (port) => {
    const { ssh, root } = server!;
    // The project is written anew for the port; servers are only how it is reached.
    const environments = { production: { domain: "bench.localhost", keep: 2, servers: ["web1"] } };
    writeProject(project, { servers: { web1: { ssh, port, root } }, environments });
    await runQuietly(greenroomArgv({ project, root: join(root, "own") }, "deploy", "--switch"));
  };
}

function byRsync(project: string, { servers: [server], config }: OpenHosts): Deploy {
  const root = join(server!.root, "..", "rsync");
  mkdirSync(root);
  return async (port, round) => {
    const ssh = ["ssh", "-F", config, "-p", String(port)];
    const [from, to] = [`${project}/`, `${server!.ssh}:${root}/release${round}/`];
    const before = round > 0 ? [`--link-dest=${root}/release${round - 1}`] : [];
    await runQuietly(["rsync", "-az", "--exclude=.git", ...before, "-e", ssh.join(" "), from, to]);
    const flip = `ln -sfn release${round} ${root}/current.new && mv -T ${root}/current.new ${root}/current`;
    await runQuietly([...ssh, server!.ssh, flip]);
  };
}

/** What counts bytes is another port of the same machine. */
function trustAnyPort({ config }: OpenHosts): void {
  const known = join(config, "../known_hosts");
  const [line] = readFileSync(known, "utf8").split("\n");
  appendFileSync(known, `${line!.replace(/:\d+ /, ":* ")}\n`);
}
