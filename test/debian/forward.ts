import { type IncomingMessage, request, type ServerResponse } from "node:http";

interface Kept {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** Packages never change under their names: several machines of a test have each fetched once. */
const kept = new Map<string, Kept>();

/** What a proxy does with a request for another server. */
export function forward(asked: IncomingMessage, answer: ServerResponse): void {
  const url = asked.url!;
  const known = kept.get(url);
  if (known) return void answer.writeHead(known.status, known.headers).end(known.body);
  const passed = request(url, { method: asked.method, headers: { ...asked.headers, connection: "close" } });
  passed.on("error", (error) => answer.writeHead(502).end(error.message));
  passed.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", () => answer.destroy());
    response.on("end", () => {
      const body = Buffer.concat(chunks);
      const { statusCode: status = 502, headers } = response;
      if (status === 200 && url.endsWith(".deb")) kept.set(url, { status, headers, body });
      answer.writeHead(status, headers).end(body);
    });
  });
  asked.pipe(passed);
}
