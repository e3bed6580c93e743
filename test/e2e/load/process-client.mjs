// Asks an app in every way that a switch could disturb until it is told to end, then says how that went.
// node process-client.mjs PORT HOST LONGEST: LONGEST milliseconds is what the slowest requests take.
import { createHash, randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

const QUICK = 32;
const SLOW = 32;
const SOCKETS = 16;
const [port, host, longest] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const kinds = () => ({ GET: 0, POST: 0, slow: 0, echo: 0 });
const seen = { answered: kinds(), failed: kinds(), mixed: 0, changed: 0, open: 0, releases: {}, why: {} };
let over = false;

process.on("SIGTERM", () => (over = true));
const many = (count, ask) => Array.from({ length: count }, ask);
const sockets = await Promise.all(many(SOCKETS, openSocket));
console.log("asking");
await Promise.all([
  ...many(QUICK / 2, () => askForever("GET", () => "/0")),
  ...many(QUICK / 2, () => askForever("POST", () => "/0")),
  ...many(SLOW, (_, i) =>
    askForever("slow", () => `/${Math.floor(Math.random() * longest)}`, i % 2 ? "POST" : "GET"),
  ),
  ...sockets.map(talkForever),
]);
console.log(JSON.stringify(seen));
agent.destroy();

async function askForever(kind, path, method = kind) {
  while (!over) {
    const body = method === "POST" ? randomBytes(1 + Math.floor(Math.random() * 30_000)) : Buffer.alloc(0);
    try {
      note(kind, await askOnce(method, path(), body), body);
    } catch (error) {
      fail(kind, error.code ?? error.message);
    }
  }
}

function askOnce(method, path, body) {
  return new Promise((answered, failed) => {
    const headers = { host, "content-length": body.length };
    const asked = request({ port, host: "127.0.0.1", path, method, headers, agent }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => answered({ answer, text: Buffer.concat(chunks).toString() }));
      answer.on("error", failed);
    });
    asked.on("error", failed).end(body);
  });
}

/** The release is named in a header and at both ends of the body; between them is the hash of what the app was sent. */
function note(kind, { answer, text }, body) {
  seen.answered[kind] += 1;
  if (answer.statusCode !== 200) return fail(kind, `status ${answer.statusCode}`);
  const [first, hash, last] = text.split("\n");
  if (first !== last || first !== answer.headers["x-release"]) seen.mixed += 1;
  if (hash !== createHash("sha256").update(body).digest("hex")) fail(kind, "another body than was sent");
  seen.releases[first] = (seen.releases[first] ?? 0) + 1;
}

function openSocket() {
  return new Promise((opened, failed) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host } });
    socket.once("open", () => opened(socket)).once("error", failed);
  });
}

/** A connection that was opened before all switches stays one, with the app that it was opened to. */
async function talkForever(socket) {
  const inbox = [];
  socket.on("message", (data) => inbox.shift()?.(String(data)));
  socket.on("close", () => {
    for (const hear of inbox.splice(0)) hear("closed");
  });
  let release = null;
  for (let i = 0; !over && socket.readyState === WebSocket.OPEN; i++) {
    const heard = new Promise((hear) => inbox.push(hear));
    socket.send(`${i}`);
    const [of, echo] = (await heard).split(" ");
    if (echo !== `${i}`) fail("echo", of);
    else seen.answered.echo += 1;
    release ??= of;
    if (of !== release) seen.changed += 1;
    await pause(20);
  }
  if (socket.readyState === WebSocket.OPEN) seen.open += 1;
  else fail("echo", "a WebSocket was closed");
  socket.terminate();
}

function fail(kind, why) {
  seen.failed[kind] += 1;
  seen.why[why] = (seen.why[why] ?? 0) + 1;
}
