import type { LogLine } from "../environment/logs/log-lines.ts";
import type { Paint } from "./paint.ts";
import { visibleInColour } from "./visible.ts";

export interface Line extends LogLine {
  server: string;
}

export function renderLines(log: { environment: string; servers: string[]; lines: Line[] }, paint: Paint) {
  if (log.lines.length === 0) return `nothing is logged of ${log.environment}`;
  return log.lines.map((line) => renderLine(line, log.servers.length > 1, paint)).join("\n");
}

/** The server is named where there are several. */
export function renderLine({ at, server, source, text }: Line, several: boolean, paint: Paint): string {
  const who = several ? `${server} ${source}` : source;
  return `${paint.dim(`${momentOf(at)} ${who} |`)} ${visibleInColour(text)}`;
}

/** As the clock of whoever reads has it. */
function momentOf(at: string): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
