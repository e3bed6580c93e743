import { expect, test } from "vitest";
import { install, runApt } from "../../../src/servers/provision/apt.ts";
import type { Ended } from "../../../src/servers/ssh/run.ts";

const LOCK = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)";

/** A server whose apt answers so. */
function saying(code: number, line: string) {
  const ended: Ended = { code, stdout: "", lastLines: [line] };
  return { run: async () => ended };
}

test("whoever holds apt's lock for too long is named", async () => {
  const held = runApt(saying(100, LOCK), install(["tree"]), "web1", () => {}, 0);
  await expect(held).rejects.toMatchObject({ code: "LOCKED", detail: [LOCK] });
});

test("what else apt says is told at once, also where it did well", async () => {
  const failed = "E: Unable to locate package tree";
  expect(await runApt(saying(100, failed), install(["tree"]), "web1", () => {})).toMatchObject({ code: 100 });
  expect(await runApt(saying(0, LOCK), install(["tree"]), "web1", () => {})).toMatchObject({ code: 0 });
});
