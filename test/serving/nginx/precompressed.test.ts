import { existsSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Serving } from "../../../src/environment/spec.ts";
import { say } from "../router/client.ts";
import { makeWorld, PROCESS, STATIC } from "../router/world.ts";

const hasNginx = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"].some((folder) =>
  existsSync(join(folder, "nginx")),
);

/** The answer to who can read what is compressed. */
async function askCompressed(port: number, path: string) {
  const socket = say(
    port,
    `GET ${path} HTTP/1.1\r\nHost: shop.localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`,
  );
  const bytes = Buffer.concat((await socket.toArray()) as Buffer[]);
  const end = bytes.indexOf("\r\n\r\n");
  return { head: bytes.subarray(0, end).toString(), body: bytes.subarray(end + 4) };
}

describe.skipIf(!hasNginx)("files that lie there compressed, too (else skipped: needs nginx)", () => {
  test.each([
    ["a static site", STATIC],
    ["an app", { ...PROCESS, public: "." }],
  ] as [string, Serving][])("are sent so by %s to who can read them", async (_, serve) => {
    const world = makeWorld();
    const files = { "style.css": "plain", "style.css.gz": gzipSync("compressed before"), "other.css": "x" };
    world.release("1", files, serve, [], { precompressed: true });
    world.side("blue", "1");
    world.traffic("blue");
    const { port } = await world.start("nginx");
    const { head, body } = await askCompressed(port, "/style.css");
    expect(head).toMatch(/content-encoding: gzip/i);
    expect(gunzipSync(body).toString()).toBe("compressed before");
    expect((await askCompressed(port, "/other.css")).head).not.toMatch(/content-encoding/i);
  });
});
