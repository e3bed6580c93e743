import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { movePointer } from "../src/disk/durable.ts";
import { median, type Row } from "./table.ts";

const FLIPS = 1000;

/** What visitors wait for at most: the new symlink and its rename. */
export function benchFlip(dir: string): Row[] {
  const place = join(dir, "flip");
  mkdirSync(place);
  const took = Array.from({ length: FLIPS }, (_, i) => {
    const started = performance.now();
    movePointer(join(place, "traffic"), `traffic.d/${i}`);
    return performance.now() - started;
  }).sort((a, b) => a - b);
  const p99 = took[Math.floor(0.99 * FLIPS)]!;
  return [
    {
      what: "the flip itself, p99 of 1,000",
      against: "-",
      wanted: "< 1 ms",
      measured: `${p99.toFixed(3)} ms`,
      behind: `median ${median(took).toFixed(3)} ms, worst ${took.at(-1)!.toFixed(3)} ms`,
    },
  ];
}
