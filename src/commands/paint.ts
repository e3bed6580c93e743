import Table from "cli-table3";
import pico from "picocolors";
import type { CheckResult } from "../environment/verdict.ts";

export type Paint = ReturnType<typeof createPaint>;

/** Words, tables and colours for a screen; colour never carries the meaning alone. */
export function createPaint(colour: boolean) {
  const colours = pico.createColors(colour);
  return {
    ...colours,
    table(head: string[], rows: string[][]): string {
      const blank = {
        "top-mid": "",
        "top-left": "",
        "top-right": "",
        top: "",
        "bottom-mid": "",
        "bottom-left": "",
      };
      const chars = {
        ...blank,
        "bottom-right": "",
        bottom: "",
        "left-mid": "",
        left: "",
        "mid-mid": "",
        mid: "",
        "right-mid": "",
        right: "",
        middle: "  ",
      };
      const style = { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true };
      const table = new Table({ chars, style, head: head.map((word) => colours.dim(word)) });
      table.push(...rows);
      return table.toString().replace(/[ \t]+$/gm, "");
    },
    results(results: CheckResult[]): string {
      return results
        .map(({ check, passed, reason }) =>
          passed ? `${colours.green("passed")}  ${check}` : `${colours.red("failed")}  ${check}: ${reason}`,
        )
        .join("\n");
    },
  };
}

export function humanBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

export function humanAge(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
