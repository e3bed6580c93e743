import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import type { RouterName } from "../router/world.ts";

const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin"];
const hasNginx = folders.some((folder) => existsSync(join(folder, "nginx")));

/** What is promised of every router, tried on each. */
export function describeRouters(what: string, body: (router: RouterName) => void): void {
  describe(`${what}, embedded`, () => body("embedded"));
  describe.skipIf(!hasNginx)(`${what}, nginx (else skipped: needs nginx)`, () => body("nginx"));
}
