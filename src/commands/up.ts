import { ensureDirectory } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { createRouter } from "../serving/router/router.ts";
import { runUp } from "../serving/up.ts";
import { defineCommand, value } from "./command.ts";

export default defineCommand({
  words: [],
  options: {
    port: value("PORT", "the port to listen on, 0 for a free one; else $PORT, else 8080"),
    host: value("HOST", "the address to listen on; 127.0.0.1 unless told"),
  },
  changes: false,
  examples: ["greenroom up", "greenroom up --port 3000"],
  async run({ app, options }) {
    ensureDirectory(app.root);
    const port = parsePort(options.port ?? process.env.PORT ?? "8080");
    await runUp({
      root: app.root,
      host: options.host ?? "127.0.0.1",
      port,
      emit: app.emit,
      router: createRouter(app.root),
    });
    return { stopped: true };
  },
  render: () => "stopped",
});

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new GreenroomError("USAGE", `${JSON.stringify(text)} is no port`, {
    hint: "greenroom up --port 8080",
  });
}
