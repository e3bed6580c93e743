import type { Event } from "../events.ts";
import { humanBytes } from "./paint.ts";

type Progress = Extract<Event, { event: "progress" }>;

const PLAIN_EVERY = 2000;

/** One line for each machine that does something, written over and over on a terminal; elsewhere one now and then. */
export function createProgress(stream: Stream) {
  const lines = new Map<string, string>();
  let drawn = 0;
  let last = performance.now();
  const begun = new Map<string, number>();
  const erase = () => (drawn === 0 ? "" : `\r${drawn > 1 ? `\u001b[${drawn - 1}A` : ""}\u001b[J`);
  return {
    show(event: Progress) {
      if (event.done === 0 || !begun.has(event.what)) begun.set(event.what, performance.now());
      const line = describe(event, performance.now() - begun.get(event.what)!);
      if (stream.isTTY) {
        lines.set(machineOf(event), line.slice(0, (stream.columns ?? 80) - 1));
        const shown = [...lines.values()].slice(1 - (stream.rows ?? 24));
        stream.write(erase() + shown.join("\n"));
        drawn = shown.length;
      } else if (performance.now() - last > PLAIN_EVERY) {
        last = performance.now();
        stream.write(`${line}\n`);
      }
    },
    clear() {
      if (drawn > 0) stream.write(erase());
      drawn = 0;
      lines.clear();
    },
  };
}

type Stream = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "rows"> & { write(text: string): unknown };

/** `web1: sent` is of web1, `sent` of this one. */
function machineOf({ what }: Progress): string {
  return what.includes(": ") ? what.slice(0, what.indexOf(": ")) : "";
}

/** `ms`: since it has begun. */
export function describe({ what, done, total, unit }: Progress, ms: number): string {
  const amount = (count: number) => (unit === "bytes" ? humanBytes(count) : String(count));
  const noun = unit === "bytes" ? "" : ` ${(total ?? done) === 1 ? unit.slice(0, -1) : unit}`;
  const line = `${what}: ${amount(done)}${total === null ? "" : ` of ${amount(total)}`}${noun}`;
  return unit === "bytes" && total !== null ? line + pace(done, total, ms) : line;
}

const TELLING = 1000;

/** How fast it goes and how long it takes yet, once that can be told. */
function pace(done: number, total: number, ms: number): string {
  if (done === 0 || ms < TELLING) return "";
  const left = Math.ceil(((total - done) / done) * (ms / 1000));
  return `, ${humanBytes((done / ms) * 1000)}/s, ${humanSeconds(left)} left`;
}

function humanSeconds(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
