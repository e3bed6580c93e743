import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeTree } from "../../src/disk/remove.ts";
import { readAccount, usualAccount } from "../../src/processes/account.ts";

const ROOT = process.getuid?.() === 0;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "greenroom-account-"));
  onTestFinished(() => removeTree(dir));
  return dir;
}

test.skipIf(!ROOT)(
  "root's sites run as an account that owns nothing, if it can get there (needs root)",
  () => {
    const dir = folder();
    expect(usualAccount(join(dir, "not/made/yet"))).toBe(null);
    chmodSync(dir, 0o711);
    const name = usualAccount(join(dir, "not/made/yet"));
    expect(readAccount(name ?? "").uid).not.toBe(0);
  },
);

test.skipIf(ROOT)("whoever isn't root has nobody else to run as (skipped as root)", () => {
  expect(usualAccount("/")).toBe(null);
});
