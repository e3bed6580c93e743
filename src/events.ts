/** What a running command says, one JSON object a line with `--json`. */
export type Event =
  | { event: "step"; text: string }
  | {
      event: "progress";
      what: string;
      done: number;
      total: number | null;
      unit: "files" | "bytes" | "releases";
    }
  | { event: "line"; source: string; text: string }
  /** A line of a log, as it is added; the answer to whoever asked for it. */
  | { event: "logged"; at: string; server: string; several: boolean; source: string; text: string }
  | { event: "warning"; text: string }
  | { event: "ready"; url: string; port: number }
  | { event: "result"; result: unknown }
  | { event: "error"; code: string; message: string; hint?: string; detail?: string[] };

export type Emit = (event: Event) => void;

/** `1 file`, `2 files`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
