import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** How many bytes go over the line in both directions while something talks with a port of this machine. */
export async function countBytes(port: number, act: (port: number) => Promise<void>): Promise<number> {
  let bytes = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.1.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("error", () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, "127.0.1.1");
  await once(server, "listening");
  try {
    await act((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
  return bytes;
}
