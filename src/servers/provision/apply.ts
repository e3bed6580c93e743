import { createReadStream, statSync } from "node:fs";
import { Readable, Transform } from "node:stream";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Server } from "../server.ts";
import type { Ended } from "../ssh/run.ts";
import type { Shell } from "../ssh/shell.ts";
import { MAKE_ACCOUNT, sudoersOf } from "./account.ts";
import { install, MEND, runApt, UPDATE } from "./apt.ts";
import { fetchNode } from "./node.ts";
import { MARK, PUT, PUT_NODE, RESUME_UP, RUN, START, START_UP, STOP_UP } from "./scripts.ts";
import { describeStep, type Step } from "./steps.ts";

/** Where steps are done. */
export interface Place {
  server: Server;
  shell: Shell;
  emit: Emit;
  /** What runs programs of Greenroom's there. */
  node: string | null;
  program: string;
  /** The bytes of what is sent. */
  contentOf(path: string): Buffer;
}

/** Does one step. What it was to change can be seen afterwards. */
export async function applyStep(place: Place, step: Step): Promise<void> {
  const ended = await perform(place, step);
  if (ended.code === 0) return;
  const { name } = place.server;
  throw new GreenroomError("PROVISION_FAILED", `${name} could not ${shortly(step)}`, {
    hint: `mend what is named there, then it goes on with: greenroom provision ${name}`,
    detail: ended.lastLines,
  });
}

/** Without what would only come along. */
function shortly(step: Step): string {
  return describeStep(step.do === "install" ? { ...step, along: [] } : step);
}

function perform(place: Place, step: Step): Promise<Ended> {
  const { shell, server, emit } = place;
  const sh = (script: string, ...words: string[]) => shell.run(["sh", "-c", script, "greenroom", ...words]);
  switch (step.do) {
    case "mend":
      return runApt(shell, MEND, server.name, emit);
    case "lists":
      return runApt(shell, UPDATE, server.name, emit);
    case "install":
      return runApt(shell, install(step.packages), server.name, emit);
    case "web-user":
      return shell.run(["useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin", "www-data"]);
    case "account":
      return sh(MAKE_ACCOUNT, step.name, step.like, sudoersOf(step.name));
    case "folder":
      return shell.run(["mkdir", "-p", "-m", "0755", step.path]);
    case "node":
      return sendNode(place, step);
    case "link":
      return shell.run(["ln", "-sT", step.to, step.path]);
    case "send":
      return put(place, step.file, place.contentOf(step.file.path));
    case "start":
      return sh(START, step.daemon);
    case "setup":
      return setUp(place, step);
    case "up":
      return startUp(place, step);
    case "allow":
      return shell.run(["ufw", "allow", `${step.port}/tcp`]);
    case "firewall":
      return shell.run(["ufw", "--force", "enable"]);
    case "run":
      return runLine(place, step);
    default:
      return step satisfies never;
  }
}

type Of<K extends Step["do"]> = Extract<Step, { do: K }>;

async function sendNode({ shell, emit, server }: Place, step: Of<"node">): Promise<Ended> {
  const { archive, forget } = await fetchNode(step.architecture);
  try {
    const total = statSync(archive).size;
    let done = 0;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.length;
        emit({ event: "progress", what: `${server.name}: Node.js`, done, total, unit: "bytes" });
        next(null, chunk);
      },
    });
    const input = createReadStream(archive)
      .on("error", (error) => counter.destroy(error))
      .pipe(counter);
    return await shell.run(["sh", "-c", PUT_NODE, "greenroom", step.path, step.version], { input });
  } finally {
    forget();
  }
}

function put(
  { shell }: Place,
  { path, sha256 }: { path: string; sha256: string },
  content: Buffer,
): Promise<Ended> {
  return shell.run(["sh", "-c", PUT, "greenroom", path, sha256], { input: Readable.from([content]) });
}

async function setUp(
  { shell, node, program, server: { root } }: Place,
  { argv, isUp }: Of<"setup">,
): Promise<Ended> {
  if (isUp) await shell.run(["sh", "-c", STOP_UP]);
  const ended = await shell.run([node ?? "node", program, ...argv, "--root", root]);
  if (isUp && ended.code !== 0) await shell.run(["sh", "-c", RESUME_UP]);
  return ended;
}

async function startUp(place: Place, { file }: Of<"up">): Promise<Ended> {
  const written = await put(place, file, Buffer.from(file.content));
  if (written.code !== 0) return written;
  return place.shell.run(["sh", "-c", START_UP, "greenroom", place.server.root]);
}

async function runLine({ shell, server, emit }: Place, { line, mark }: Of<"run">): Promise<Ended> {
  const onLine = (text: string) => emit({ event: "line", source: server.name, text });
  const ended = await shell.run(["sh", "-c", RUN, "greenroom", line, server.root, server.name], { onLine });
  return ended.code === 0 ? shell.run(["sh", "-c", MARK, "greenroom", mark]) : ended;
}
