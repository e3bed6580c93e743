import { createServer } from "node:net";

/** A port that the kernel picks, and that nobody listens on just now. */
export function freePort(address = "127.0.0.1"): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, address, () => {
      const at = server.address();
      server.close(() => resolve(typeof at === "object" && at ? at.port : 0));
    });
  });
}
