import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Asked extends Pick<RequestOptions, "method" | "agent" | "setHost"> {
  host?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

/** One request; rejects when the answer breaks off. */
export function ask(port: number, path: string, asked: Asked = {}): Promise<Answer> {
  const { host = "shop.localhost", headers, body, ...options } = asked;
  return new Promise((resolve, reject) => {
    const req = request({
      agent: false,
      ...options,
      host: "127.0.0.1",
      port,
      path,
      headers: { Host: host, ...headers },
    });
    req.on("response", (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    req.on("error", reject);
    req.end(body);
  });
}

export function keepAlive(connections: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** A bare connection that has said so much. */
export function say(port: number, text: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  return socket;
}

export async function hear(socket: Socket): Promise<string> {
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  await new Promise((resolve) => socket.on("close", resolve));
  return heard;
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
