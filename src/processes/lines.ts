import { StringDecoder } from "node:string_decoder";

export interface Lines {
  push(chunk: Buffer): void;
  /** Counts what came without a line's end as a line. */
  end(): void;
}

const LONGEST = 16_384;

/** Cuts a stream of bytes into lines; a line longer than 16 KB comes in pieces. */
export function splitLines(onLine: (line: string) => void): Lines {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    while (rest.length > LONGEST) {
      onLine(rest.slice(0, LONGEST));
      rest = rest.slice(LONGEST);
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (rest) onLine(rest);
      rest = "";
    },
  };
}

/** The last lines of an output, for error messages. */
export function keepLast(count: number): { add(line: string): void; lines(): string[]; clear(): void } {
  let kept: string[] = [];
  return {
    add: (line) => {
      kept.push(line.slice(0, 1_000));
      if (kept.length > count) kept.shift();
    },
    lines: () => [...kept],
    clear: () => {
      kept = [];
    },
  };
}
