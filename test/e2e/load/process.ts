import { resolve } from "node:path";
import { whileAsking } from "./client.ts";

type Kind = "GET" | "POST" | "slow" | "echo";

/** What 32 quick requests at a time, 32 slow ones and 16 WebSockets got. */
export interface ProcessSeen {
  answered: Record<Kind, number>;
  failed: Record<Kind, number>;
  /** Answers of which a part names one release and a part another. */
  mixed: number;
  /** Messages of a WebSocket that another release answered than its first. */
  changed: number;
  /** WebSockets that were open at the end, of 16. */
  open: number;
  releases: Record<string, number>;
  why: Record<string, number>;
}

/** Asks all the while that `act` takes, and until the last slow request is answered. */
export async function processLoad(
  { port, host }: { port: number; host: string },
  longest: number,
  act: () => Promise<unknown>,
): Promise<ProcessSeen> {
  return whileAsking("load/process-client.mjs", [String(port), host, String(longest)], act);
}

/** An app that says of which release it is, hashes what it is sent, takes as long as the path says, and echoes. */
export const APP = `
const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
const { WebSocketServer } = require(${JSON.stringify(resolve("node_modules/ws"))});
const release = process.env.GREENROOM_RELEASE;
const server = createServer((request, answer) => {
  const hash = createHash("sha256");
  request.on("data", (chunk) => hash.update(chunk)).on("end", () => {
    answer.writeHead(200, { "x-release": release });
    answer.write(release + "\\n" + hash.digest("hex") + "\\n");
    setTimeout(() => answer.end(release), Number(request.url.slice(1)) || 0);
  });
});
new WebSocketServer({ server }).on("connection", (peer) =>
  peer.on("message", (data) => peer.send(release + " " + data)),
);
server.listen(process.env.SOCKET);
`;
