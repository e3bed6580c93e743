// npm start: an example site, served, staged and rehearsed on this machine. It stays until Ctrl-C.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { greenroom, home, setUp } from "./setup.mjs";
import { watchLive } from "./watch-live.mjs";

setUp();
const example = join(home, ".example");
const site = join(example, "guestbook");
const root = join(example, "root");
const places = ["--project", site, "--root", root];
const port = process.env.PORT ?? "8080";

makeProject();
const up = await startUp();
say("deploying the first release …");
await ask("deploy", "production");
rewrite("server.js", "Welcome. Leave a line below.", "Welcome back! What brings you here today?");
rewrite("public/style.css", "#24506e", "#2f6b3a");
say("staging the second …");
await ask("deploy", "production");
const { environments } = await ask("status");
const [production] = environments;
explain(production);
const watching = watchLive(production.urls.live, up.port, say);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, watching.stop);
await up.ended;

function makeProject() {
  // Releases are read-only trees: their folders must be opened before they can go.
  if (existsSync(example)) spawnSync("chmod", ["-R", "u+w", example], { stdio: "ignore" });
  rmSync(example, { recursive: true, force: true });
  mkdirSync(example);
  cpSync(join(home, "examples", "guestbook"), site, { recursive: true });
}

function rewrite(file, old, young) {
  const path = join(site, file);
  writeFileSync(path, readFileSync(path, "utf8").replace(old, young));
}

/** Resolves when it listens; what goes wrong before is said and ends us with its code. */
function startUp() {
  const child = spawn(process.execPath, [greenroom, "up", "--json", "--root", root, "--port", port], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
  // Ctrl-C reaches `up` too, which ends its processes and then itself.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "ready") resolve({ port: event.port, ended });
      if (event.event === "error") fail(event);
    });
    void ended.then((code) => process.exit(code));
  });
}

/** Runs a command and answers its result. */
async function ask(...argv) {
  const child = spawn(process.execPath, [greenroom, ...argv, "--json", ...places], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last;
  for await (const line of createInterface({ input: child.stdout })) last = JSON.parse(line);
  if (last?.event === "result") return last.result;
  fail(last ?? { message: `greenroom ${argv.join(" ")} said nothing` });
}

function fail({ code = "", message, hint, detail = [] }) {
  console.error(["error ", code, message].join(" "));
  for (const line of detail) console.error(`       ${line}`);
  if (hint) console.error(`try    ${code === "PORT_TAKEN" ? "PORT=8090 npm start" : hint}`);
  process.exit(1);
}

function explain({ live, rehearsal, urls }) {
  const flags = ["--project", relative(process.cwd(), site), "--root", relative(process.cwd(), root)].join(
    " ",
  );
  say(`
live       ${live.release} (${live.side})   ${urls.live}
rehearsal  ${rehearsal.release} (${rehearsal.side})  ${urls.rehearsal}

Look at both, then in another terminal:

  npx greenroom switch production ${flags}
  npx greenroom rollback production ${flags}

Every request to the live site is counted here meanwhile. Ctrl-C ends it.
`);
}

function say(text) {
  console.log(text);
}
