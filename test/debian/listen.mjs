// node listen.mjs PORT: a listening socket of the network that this was started in, for whoever started it.
import { createServer } from "node:net";

const server = createServer().listen({ port: Number(process.argv[2]), host: "127.0.0.1" }, () => {
  process.send("listening", server, () => {
    server.close();
    process.disconnect();
  });
});
