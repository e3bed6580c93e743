// Asks a live site on 64 kept connections until it is told to end, then says how that went.
// node load-client.mjs PORT HOST METHOD
import { Agent, request } from "node:http";

const CONNECTIONS = 64;
const [port, host, method] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const seen = { answered: 0, failed: 0, mixed: 0, releases: {}, why: {} };
let over = false;

process.on("SIGTERM", () => (over = true));
console.log("asking");
await Promise.all(Array.from({ length: CONNECTIONS }, askForever));
console.log(JSON.stringify(seen));
agent.destroy();

async function askForever() {
  while (!over) {
    try {
      note(await askOnce());
    } catch (error) {
      fail(error.code ?? error.message);
    }
  }
}

function askOnce() {
  const body = method === "POST" ? "hello ".repeat(200) : undefined;
  return new Promise((answered, failed) => {
    const headers = { host, ...(body ? { "content-length": body.length } : {}) };
    const asked = request({ port, host: "127.0.0.1", path: "/", method, headers, agent }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => answered({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
      answer.on("error", failed);
    });
    asked.on("error", failed).end(body);
  });
}

/** Every line of an answer names the release that it is of. */
function note({ status, text }) {
  seen.answered += 1;
  if (status !== 200) return fail(`status ${status}`);
  const stamps = new Set(text.trim().split("\n"));
  if (stamps.size !== 1) seen.mixed += 1;
  for (const stamp of stamps) seen.releases[stamp] = (seen.releases[stamp] ?? 0) + 1;
}

function fail(why) {
  seen.failed += 1;
  seen.why[why] = (seen.why[why] ?? 0) + 1;
}
