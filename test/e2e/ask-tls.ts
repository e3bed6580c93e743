import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Page } from "./ask.ts";

export interface SecurePage extends Page {
  fingerprint: string;
}

/** Asks a local server by https on a connection of its own; `ca` are the authorities to trust. */
export function askTls(port: number, host: string, ca: string, path = "/"): Promise<SecurePage> {
  return new Promise((answered, failed) => {
    const to = { port, host: "127.0.0.1", servername: host, ca, path, headers: { host }, agent: false };
    const asked = request(to, (answer) => {
      const { fingerprint256 } = (answer.socket as TLSSocket).getPeerCertificate();
      let body = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      const { statusCode = 0, headers } = answer;
      answer.on("end", () => answered({ status: statusCode, headers, body, fingerprint: fingerprint256 }));
      answer.on("error", failed);
    });
    asked.on("error", failed).end();
  });
}
