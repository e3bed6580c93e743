import type { Event } from "../events.ts";
import { humanBytes } from "./paint.ts";

type Progress = Extract<Event, { event: "progress" }>;

const PLAIN_EVERY = 2000;

/** One line that is written over and over on a terminal; elsewhere a plain line now and then. */
export function createProgress(stream: NodeJS.WriteStream) {
  let shown = false;
  let last = performance.now();
  return {
    show(event: Progress) {
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${describe(event)}`);
        shown = true;
      } else if (performance.now() - last > PLAIN_EVERY) {
        last = performance.now();
        stream.write(`${describe(event)}\n`);
      }
    },
    clear() {
      if (shown) stream.write("\r\u001b[K");
      shown = false;
    },
  };
}

function describe({ what, done, total, unit }: Progress): string {
  const amount = (count: number) => (unit === "bytes" ? humanBytes(count) : String(count));
  const noun = unit === "bytes" ? "" : (total ?? done) === 1 ? unit.slice(0, -1) : unit;
  return `${what}: ${amount(done)}${total === null ? "" : ` of ${amount(total)}`} ${noun}`;
}
