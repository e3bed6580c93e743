import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { fetchNode, fitsNode } from "../../../src/servers/provision/node.ts";
import { temporaryFolder } from "../../processes/program.ts";

test("Greenroom runs by Node.js 20.19 and what is newer, however its package is numbered", () => {
  const fit = ["20.19.0", "20.20.2-1nodesource1", "24.21.0", "1:22.1.0~deb13u1", "100.0.0"];
  const unfit = ["20.18.9", "18.20.4+dfsg-1~deb12u1", "8.0.0", "", "(none)"];
  expect(fit.filter((version) => !fitsNode(version))).toEqual([]);
  expect(unfit.filter(fitsNode)).toEqual([]);
});

test("a Node.js that isn't the pinned one goes nowhere, and leaves nothing behind", async () => {
  const [dir, temporary] = [temporaryFolder(), temporaryFolder()];
  vi.stubEnv("TMPDIR", temporary);
  writeFileSync(join(dir, "npm"), '#!/bin/sh\nfor dir; do :; done\necho other >"$dir/node.tgz"\n', {
    mode: 0o755,
  });
  vi.stubEnv("PATH", `${dir}:${process.env.PATH}`);
  await expect(fetchNode("amd64")).rejects.toMatchObject({ code: "VERIFY_FAILED" });
  writeFileSync(join(dir, "npm"), "#!/bin/sh\necho no registry >&2\nexit 1\n");
  await expect(fetchNode("amd64")).rejects.toMatchObject({ code: "TOOL_MISSING", detail: ["no registry"] });
  vi.unstubAllEnvs();
  expect(readdirSync(temporary)).toEqual([]);
});

test("a machine that nobody has pinned one for is refused", async () => {
  await expect(fetchNode("riscv64")).rejects.toMatchObject({
    code: "SERVER_UNFIT",
    message: expect.stringContaining("riscv64"),
  });
});
