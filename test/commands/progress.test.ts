import { describe, expect, test } from "vitest";
import { createProgress, describe as inWords } from "../../src/commands/progress.ts";

const sent = { event: "progress", what: "sent", unit: "bytes" } as const;

describe("progress", () => {
  test.each<[event: Parameters<typeof inWords>[0], ms: number, words: string]>([
    [{ ...sent, done: 3_000_000, total: 12_000_000 }, 500, "sent: 3.0 MB of 12.0 MB"],
    [{ ...sent, done: 3_000_000, total: 12_000_000 }, 2000, "sent: 3.0 MB of 12.0 MB, 1.5 MB/s, 6 s left"],
    [
      { ...sent, done: 1_000_000, total: 301_000_000 },
      1000,
      "sent: 1.0 MB of 301.0 MB, 1.0 MB/s, 5 min left",
    ],
    [{ ...sent, done: 1, total: 20_001 }, 1000, "sent: 1 B of 20.0 KB, 1 B/s, 6 h left"],
    [{ ...sent, done: 0, total: 12 }, 9000, "sent: 0 B of 12 B"],
    [{ ...sent, what: "read", done: 1, total: 1, unit: "files" }, 9000, "read: 1 of 1 file"],
    [{ ...sent, what: "read", done: 7, total: null, unit: "files" }, 9000, "read: 7 files"],
  ])("%j after %i ms is said as %3$s", (event, ms, words) => {
    expect(inWords(event, ms)).toBe(words);
  });

  test("has a line for each machine on a terminal, and leaves nothing of them", () => {
    let written = "";
    const write = (text: string) => (written += text);
    const progress = createProgress({ isTTY: true, columns: 30, rows: 24, write });
    const tell = (what: string, done: number) => progress.show({ ...sent, what, done, total: 9000 });
    tell("web1: sent", 1000);
    tell("web2: sent", 2000);
    expect(written).toContain("web1: sent: 1.0 KB of 9.0 KB\nweb2: sent: 2.0 KB of 9.0 KB");
    written = "";
    tell("web1: sent", 5000);
    expect(written).toBe("\r\u001b[1A\u001b[Jweb1: sent: 5.0 KB of 9.0 KB\nweb2: sent: 2.0 KB of 9.0 KB");
    written = "";
    progress.clear();
    expect(written).toBe("\r\u001b[1A\u001b[J");
    written = "";
    tell("a name that is longer than the terminal is wide", 1);
    tell("read", 1);
    expect(written.split("\r\u001b[J").map((line) => line.length)).toEqual([29, 19]);
  });
});
