import { readFile, readlink } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** A router as one might write it: it looks up the live release anew for each thing that it needs of it. */
export async function startMixingRouter(live: string, twice: "body" | "headers"): Promise<{ port: number }> {
  const server = createServer(async (_, answer) => {
    const tag = async () => `"${basename(await readlink(live))}"`;
    const page = () => readFile(join(live, "index.html"), "utf8");
    const etag = await tag();
    const first = await page();
    if (twice === "headers") await pause(1);
    const half = first.length / 2;
    const text = twice === "headers" ? await page() : first.slice(0, half) + (await page()).slice(half);
    answer.writeHead(200, { etag, "content-length": text.length }).end(text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0 };
}
