import { readFileSync } from "node:fs";
import type { App } from "../app.ts";
import { GreenroomError } from "../errors.ts";
import { readOwnBundle } from "../servers/remote.ts";
import type { Server } from "../servers/server.ts";
import { authorize, parsePublicKey, restrictedLine } from "../servers/ssh/restrict.ts";

/** A key that can call operations on a server, and nothing else. Who gives this must be able to log in there otherwise. */
export async function restrictServer(app: App, server: Server, file: string | undefined, writes: boolean) {
  if (file === undefined) {
    throw new GreenroomError("USAGE", "which key is to call operations only?", {
      hint: `greenroom server restrict ${server.name} --key ~/.ssh/deploy.pub`,
    });
  }
  const key = parsePublicKey(readFileSync(file, "utf8"));
  const line = restrictedLine(server.root, readOwnBundle(app.version), key);
  if (writes) {
    // The program that the line names must be there.
    await (await app.host(server.name)).close();
    authorize(server, key, line);
  }
  const text = writes
    ? `${server.name} takes operations from that key, and nothing else`
    : `${line}\nto be the only line of that key in ~/.ssh/authorized_keys of ${server.ssh}; to have it put there: --yes`;
  return { server: server.name, line, written: writes, text };
}
