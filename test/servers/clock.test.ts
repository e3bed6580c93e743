import { expect, test } from "vitest";
import { describeSkew, isOff, skewOf } from "../../src/servers/clock.ts";

/** A question asked at noon of a clock that is `ahead`, over a line that takes so long there and back. */
function exchange(ahead: number, there: number, work: number, back: number) {
  const sent = 1_795_262_400_000;
  const received = sent + there + ahead;
  return { sent, received, answered: received + work, back: sent + there + work + back };
}

test("a clock that is off is found out, however slow the line and the answer are", () => {
  expect(skewOf(exchange(0, 40, 500, 40))).toEqual({ ahead: 0, within: 40 });
  expect(skewOf(exchange(5000, 40, 500, 40))).toEqual({ ahead: 5000, within: 40 });
  expect(skewOf(exchange(-90_000, 300, 0, 300))).toEqual({ ahead: -90_000, within: 300 });
});

test("a line that is slow one way is never further from the truth than it says", () => {
  for (const [there, back] of [
    [0, 3000],
    [3000, 0],
    [10, 900],
  ] as const) {
    const { ahead, within } = skewOf(exchange(700, there, 25, back));
    expect(Math.abs(ahead - 700)).toBeLessThanOrEqual(within);
  }
});

test("is warned of where it is known to be off, not where the line alone could be why", () => {
  expect(isOff({ ahead: 2500, within: 20 })).toBe(true);
  expect(isOff({ ahead: -2500, within: 20 })).toBe(true);
  expect(isOff({ ahead: 2500, within: 1000 })).toBe(false);
  expect(isOff({ ahead: 1500, within: 0 })).toBe(false);
  expect(describeSkew({ ahead: -2510, within: 0 })).toBe("2.5 s behind");
  expect(describeSkew({ ahead: 3 * 86_400_000, within: 0 })).toBe("3 days ahead");
});
