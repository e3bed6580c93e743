import { ensureDirectory } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { type Machine, readMachine } from "../serving/machine.ts";
import { createListener } from "../serving/routers.ts";
import { createRunner } from "../serving/runners.ts";
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
    const machine = readMachine(app.root);
    await runUp({
      root: app.root,
      ...whereOf(machine, options),
      emit: app.emit,
      router: createListener(app.root, app.emit),
      runner: createRunner(app.root, app.emit),
    });
    return { stopped: true };
  },
  render: () => "stopped",
});

function whereOf({ router, listen }: Machine, { port, host }: { port?: string; host?: string }) {
  const [, address, number] = /^(?:(.*):)?(\d+)$/.exec(listen[0]!)!;
  if (router !== "embedded" && (port ?? host) !== undefined) {
    throw new GreenroomError("USAGE", `this machine was set up to listen on ${listen.join(", ")}`, {
      hint: "greenroom up, or move it with greenroom setup --listen",
    });
  }
  const wished = port ?? (router === "embedded" ? process.env.PORT : undefined) ?? number!;
  return { host: host ?? address ?? "127.0.0.1", port: parsePort(wished) };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new GreenroomError("USAGE", `${JSON.stringify(text)} is no port`, {
    hint: "greenroom up --port 8080",
  });
}
