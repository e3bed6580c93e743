import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "rolldown";

/** Greenroom as this checkout has it, in files of their own that nobody rebuilds meanwhile. */
export interface Programs {
  /** The command line. */
  cli: string;
  /** Several command lines after each other, in one process: its argument is a list of argv's in JSON. */
  sequence: string;
}

export async function buildPrograms(dir: string): Promise<Programs> {
  const source = join(dir, "sequence.ts");
  writeFileSync(source, SEQUENCE.replaceAll("SRC", resolve("src")));
  const [cli, sequence] = [join(dir, "cli.mjs"), join(dir, "sequence.mjs")];
  await bundle(resolve("src/cli.ts"), cli);
  await bundle(source, sequence);
  return { cli, sequence };
}

/** The command line with a fault planted where the text is, which must be there once. */
export function plantFault({ cli }: Programs, at: string, fault: string): string {
  const [before, after, more] = readFileSync(cli, "utf8").split(at);
  if (before === undefined || after === undefined || more !== undefined)
    throw new Error(`${at} isn't there just once`);
  const planted = cli.replace(/\.mjs$/, "-planted.mjs");
  writeFileSync(planted, before + fault + after);
  return planted;
}

const SEQUENCE = `
import { isMainThread } from "node:worker_threads";
import { main } from "SRC/commands/frame.ts";
import { answerAssignment } from "SRC/release/second-reader.ts";
if (!isMainThread) answerAssignment();
for (const argv of isMainThread ? JSON.parse(process.argv[2]!) : []) {
  const exit = await main([...argv, "--json"], "0.0.0");
  process.stdout.write(JSON.stringify({ event: "exit", argv, exit }) + "\\n");
}
`;

async function bundle(input: string, file: string): Promise<void> {
  await build({
    input,
    platform: "node",
    resolve: { mainFields: ["module", "main"] },
    transform: { define: { __VERSION__: '"0.0.0"' } },
    output: { file, format: "esm", codeSplitting: false },
    logLevel: "silent",
  });
}

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

export interface Surroundings {
  root: string;
  project: string;
  env?: Record<string, string>;
}

/** Runs any argv as Greenroom is run: for this root, from the project's folder. What hangs is killed, children and all. */
export function run(argv: string[], { root, project, env }: Surroundings, limit = 60_000): Promise<Ran> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      UV_THREADPOOL_SIZE: "1",
      GREENROOM_ROOT: root,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), limit);
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      done({ code, signal, output });
    });
  });
}

interface Answer {
  argv: string[];
  exit: number;
}

/** The exit code of each command; fewer answers than commands where the process itself died. */
export async function runSequence(programs: Programs, commands: string[][], where: Surroundings) {
  const ran = await run([process.execPath, programs.sequence, JSON.stringify(commands)], where);
  const lines = ran.output.split("\n").filter((line) => line.startsWith('{"event":"exit"'));
  return { answers: lines.map((line) => JSON.parse(line) as Answer), output: ran.output };
}
