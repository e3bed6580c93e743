// Asks a site by https until it is told to end, on kept connections and on ever new ones, then says how that went.
// node tls-load-client.mjs PORT HOST CA
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

const [port, host, authorities] = process.argv.slice(2);
const kept = new Agent({ keepAlive: true, maxSockets: 32 });
const ca = readFileSync(authorities);
const seen = { kept: 0, fresh: 0, failed: 0, certificates: {}, why: {} };
let over = false;

process.on("SIGTERM", () => (over = true));
console.log("asking");
const many = (count, ask) => Array.from({ length: count }, ask);
await Promise.all([
  ...many(32, () => askForever("kept", kept)),
  ...many(4, () => askForever("fresh", false)),
]);
console.log(JSON.stringify(seen));
kept.destroy();

async function askForever(how, agent) {
  while (!over) {
    try {
      const { status, certificate } = await askOnce(agent);
      seen[how] += 1;
      if (certificate) seen.certificates[certificate] = (seen.certificates[certificate] ?? 0) + 1;
      if (status !== 200) fail(`status ${status}`);
    } catch (error) {
      fail(error.code ?? error.message);
    }
  }
}

function askOnce(agent) {
  return new Promise((answered, failed) => {
    const to = { port, host: "127.0.0.1", servername: host, ca, path: "/", headers: { host }, agent };
    const asked = request(to, (answer) => {
      const certificate = agent ? null : answer.socket.getPeerCertificate().fingerprint256;
      answer.resume();
      answer.on("end", () => answered({ status: answer.statusCode, certificate }));
      answer.on("error", failed);
    });
    asked.on("error", failed).end();
  });
}

function fail(why) {
  seen.failed += 1;
  seen.why[why] = (seen.why[why] ?? 0) + 1;
}
