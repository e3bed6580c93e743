export interface Row {
  what: string;
  against: string;
  wanted: string;
  /** The ratio, or the figure where nothing stands beside it. */
  measured: string;
  /** The medians behind it, with their ranges. */
  behind: string;
}

export function printTable(rows: Row[]): void {
  const head: Row = {
    what: "what",
    against: "against",
    wanted: "wanted",
    measured: "measured",
    behind: "median (min to max)",
  };
  const columns = Object.keys(head) as (keyof Row)[];
  const lines = [head, ...rows];
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)));
  const text = (line: Row) =>
    `| ${columns.map((column, i) => line[column].padEnd(widths[i]!)).join(" | ")} |`;
  console.log(text(head));
  console.log(`|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  for (const row of rows) console.log(text(row));
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function range(values: number[], unit: string): string {
  const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
  return `${short(median(values))} (${short(Math.min(...values))} to ${short(Math.max(...values))}) ${unit}`;
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
