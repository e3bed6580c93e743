import { expect, test } from "vitest";
import { type Failure, planNext } from "../../src/environment/attempts.ts";

const NOW = new Date("2026-11-21T12:00:00Z");

function waits(count: number, notBefore: Date | null = null): number[] {
  let failure: Failure | null = null;
  return Array.from({ length: count }, () => {
    failure = planNext(failure, "no", notBefore, NOW);
    return (Date.parse(failure.next) - NOW.getTime()) / 60_000;
  });
}

test("an authority that refuses is asked less and less often, but always again", () => {
  expect(waits(8)).toEqual([1, 5, 30, 120, 360, 720, 720, 720]);
});

test("it is never asked before it wants to be", () => {
  expect(waits(2, new Date("2026-11-21T18:00:00Z"))).toEqual([360, 360]);
  expect(waits(4, new Date("2026-11-21T12:02:00Z"))).toEqual([2, 5, 30, 120]);
});
