import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface CuttingProxy {
  port: number;
  /** Packets that went through so far, in both directions. */
  packets: number;
  /** From this packet on the line is dead: both ends are reset. */
  cutAt(packet: number): void;
  /** All lines are dead, and no new one gets through until somebody says so. */
  down(): void;
  up(): void;
  /** Nothing gets through for so long, then everything. */
  stall(ms: number): void;
}

/** Stands before a server and passes on what is said, until it cuts the line. */
export async function startProxy(to: { host: string; port: number }): Promise<CuttingProxy> {
  let limit = Number.POSITIVE_INFINITY;
  let isDown = false;
  let flowing: Promise<void> = Promise.resolve();
  const open = new Set<Socket>();
  const reset = (sockets: Iterable<Socket>) => [...sockets].forEach((one) => void one.resetAndDestroy());
  const proxy: CuttingProxy = {
    port: 0,
    packets: 0,
    cutAt(packet) {
      proxy.packets = 0;
      limit = packet;
    },
    down() {
      isDown = true;
      reset(open);
    },
    up() {
      isDown = false;
      limit = Number.POSITIVE_INFINITY;
    },
    stall(ms) {
      flowing = new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
  const server = createServer((near) => {
    if (isDown) return void near.on("error", () => {}).resetAndDestroy();
    const far = connect(to.port, to.host);
    const ends = [near, far];
    for (const [from, onto] of [ends, [far, near]] as [Socket, Socket][]) {
      open.add(from);
      from
        .on("error", () => reset(ends))
        .on("close", () => {
          open.delete(from);
          void flowing.then(() => onto.end());
        });
      from.on("data", (bytes) => {
        proxy.packets += 1;
        if (proxy.packets >= limit) reset(ends);
        else void flowing.then(() => onto.write(bytes));
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
