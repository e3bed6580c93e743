import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { until } from "../../processes/program.ts";
import { goLive, makeSite, pointSide, putRelease, supervise, untilHealthy } from "./world.ts";

/** More than are looked at in one go. */
const MANY = 450;

test("one among many environments at rest is taken care of as soon as something changes, and also unheard", async () => {
  const first = makeSite();
  for (let i = 0; i < MANY; i++) makeSite(first.root, `rest${i}`);
  const last = makeSite(first.root, "zlast");
  const { events } = await supervise(first.root);

  putRelease(last, "1");
  pointSide(last, "blue", "1");
  goLive(last, "blue");
  expect(await untilHealthy(last, "blue", "1")).toMatchObject({ release: "1" });

  // No watch is on the folder in which this comes to be there.
  putRelease(first, "1");
  renameSync(at.staged(first, "1"), `${at.staged(first, "1")}.later`);
  pointSide(first, "blue", "1");
  await until("it was looked at too early", () => events.some(({ event }) => event === "warning"));
  renameSync(`${at.staged(first, "1")}.later`, at.staged(first, "1"));
  expect(await untilHealthy(first, "blue", "1")).toMatchObject({ release: "1" });
  expect(events.filter(({ event }) => event === "error")).toEqual([]);
});
