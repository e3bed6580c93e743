import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Proxy {
  port: number;
  /** Packets that went through so far, in both directions. */
  packets: number;
  /** From this packet on the line is dead: both ends are reset. */
  cutAt(packet: number): void;
}

/** Stands before a server and passes on what is said, until it cuts the line. */
export async function startProxy(to: { host: string; port: number }): Promise<Proxy> {
  let limit = Number.POSITIVE_INFINITY;
  const open = new Set<Socket>();
  const proxy: Proxy = {
    port: 0,
    packets: 0,
    cutAt(packet) {
      proxy.packets = 0;
      limit = packet;
    },
  };
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    const ends = [near, far];
    const cut = () => ends.forEach((end) => void end.resetAndDestroy());
    for (const [from, onto] of [ends, [far, near]] as [Socket, Socket][]) {
      open.add(from);
      from.on("error", cut).on("close", () => {
        open.delete(from);
        onto.end();
      });
      from.on("data", (bytes) => {
        proxy.packets += 1;
        if (proxy.packets >= limit) cut();
        else onto.write(bytes);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  proxy.port = typeof address === "object" && address ? address.port : 0;
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return proxy;
}
