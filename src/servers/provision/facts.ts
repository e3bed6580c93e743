import { GreenroomError } from "../../errors.ts";
import { type Machine, parseMachine } from "../../serving/machine.ts";
import type { Server } from "../server.ts";
import type { Shell } from "../ssh/shell.ts";
import { sudoersOf } from "./account.ts";
import { FACTS } from "./facts-script.ts";
import type { Needs } from "./needs.ts";
import { setupArgv } from "./setup-argv.ts";

/** What a server has, as far as it matters. */
export interface Facts {
  architecture: string;
  systemd: boolean;
  ipv6: boolean;
  /** The installation of some package was cut short. */
  unfinished: boolean;
  installed: string[];
  /** What apt would install along with packages that are missing, as far as it knows. */
  along: string[];
  /** The same, with the distribution's Node.js. */
  alongWithNode: string[];
  /** What is found first; null: none. */
  node: { path: string; version: string } | null;
  /** Apps find one by the name alone. */
  isNodeNamed: boolean;
  /** Of the package; "" where apt knows of none. */
  nodePackage: { installed: string; candidate: string };
  webUser: boolean;
  /** The account that is to be made is there, with its keys and rights. */
  isAccountReady: boolean;
  /** Who owns the root; null: it isn't there. */
  owner: string | null;
  /** SHA-256 by path, of files that are there. */
  files: Record<string, string>;
  /** By the name of the service: does it run? Only those that are installed. */
  daemons: Record<string, boolean>;
  machine: Machine | null;
  /** `greenroom setup` would change nothing. */
  isSetUp: boolean;
  isUp: boolean;
  /** The service of `greenroom up` starts with the machine. */
  startsUp: boolean;
  /** The lines that ufw would be told its rules by; null: it isn't installed. */
  firewall: { on: boolean; rules: string[] } | null;
}

/** Packages that are asked about whatever a project needs. */
const ASKED = ["nodejs", "supervisor", "ufw"];

export async function readFacts(shell: Shell, server: Server, needs: Needs, paths: string[]): Promise<Facts> {
  const packages = [...new Set([...needs.packages, ...ASKED])];
  const missed = needs.firewall ? [...needs.packages, "ufw"] : needs.packages;
  const files = [...needs.files.map(({ path }) => path), ...paths, ...needs.lines.map(({ mark }) => mark)];
  const words = [packages, missed, files].map((list) => list.join("\n"));
  const sudoers = needs.account === null ? "" : sudoersOf(needs.account);
  const script = ["env", "LC_ALL=C", "sh", "-c", FACTS, "greenroom", needs.root];
  const { code, stdout, lastLines } = await shell.run(script.concat(words, sudoers));
  if (code !== 0) {
    throw new GreenroomError("SERVER_UNFIT", `${server.name} can't be looked at`, { detail: lastLines });
  }
  const said = parse(stdout);
  assertDebian(server, said);
  const facts = factsOf(said);
  return { ...facts, isSetUp: await isSetUp(shell, needs, facts) };
}

type Said = Map<string, string[]>;

/** A line each: a word, a tab, a value. */
function parse(text: string): Said {
  const said: Said = new Map();
  for (const line of text.split("\n").filter(Boolean)) {
    const [word, ...value] = line.split("\t");
    said.set(word!, [...(said.get(word!) ?? []), value.join("\t")]);
  }
  return said;
}

function assertDebian({ name }: Server, said: Said): void {
  if (/\b(?:debian|ubuntu)\b/.test(one(said, "like"))) return;
  throw new GreenroomError(
    "SERVER_UNFIT",
    `${name} runs ${one(said, "system") || "a system without a name"}`,
    {
      hint: "greenroom provision knows Debian and Ubuntu; elsewhere install Node.js and nginx by hand, then greenroom setup there",
    },
  );
}

function factsOf(said: Said): Facts {
  const all = (word: string) => said.get(word) ?? [];
  const pairs = (word: string) => all(word).map((value) => value.split("\t") as [string, string]);
  const [node] = pairs("node");
  const machine = one(said, "machine");
  const on = one(said, "firewall");
  return {
    architecture: one(said, "architecture"),
    systemd: said.has("systemd"),
    ipv6: said.has("ipv6"),
    unfinished: said.has("unfinished"),
    installed: all("installed"),
    along: all("along"),
    alongWithNode: all("with-node"),
    node: node ? { path: node[0], version: node[1].replace(/^v/, "") } : null,
    isNodeNamed: said.has("named"),
    nodePackage: { installed: one(said, "nodejs"), candidate: one(said, "candidate") },
    webUser: said.has("web"),
    isAccountReady: said.has("ready"),
    owner: one(said, "owner") || null,
    files: Object.fromEntries(pairs("file")),
    daemons: Object.fromEntries(pairs("daemon").map(([name, state]) => [name, state === "runs"])),
    machine: machine === "" ? null : readMachine(machine),
    isSetUp: false,
    isUp: said.has("up"),
    startsUp: said.has("starts"),
    firewall: on === "" ? null : { on: on === "on", rules: all("rule") },
  };
}

function readMachine(text: string): Machine {
  try {
    return parseMachine(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new GreenroomError("SERVER_UNFIT", "the server's machine.json is broken", {
      hint: "there: greenroom setup --remove; then give the same command again",
      cause: error,
    });
  }
}

function one(said: Said, word: string): string {
  return said.get(word)?.[0] ?? "";
}

/** Asked of the program itself, once it is there and can tell. */
async function isSetUp(shell: Shell, needs: Needs, facts: Facts): Promise<boolean> {
  const [program] = needs.files;
  if (facts.machine === null || facts.node === null || facts.files[program.path] !== program.sha256)
    return false;
  const words = [...setupArgv(needs, facts), "--root", needs.root, "--json", "--dry-run"];
  const { code, stdout } = await shell.run([facts.node.path, program.path, ...words]);
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (code !== 0) return false;
  const { result } = JSON.parse(last) as { result: { changes: unknown[] } };
  return result.changes.length === 0;
}
