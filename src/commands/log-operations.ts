import type { LoggedOperations } from "../environment/logs/operations-log.ts";
import { countOf } from "../events.ts";
import { humanAge, type Paint } from "./paint.ts";

type Operation = LoggedOperations["operations"][number] & { server: string };

export function renderOperations(
  { operations, torn, servers }: { operations: Operation[]; torn: number; servers: string[] },
  paint: Paint,
): string {
  const several = servers.length > 1;
  const table = paint.table(
    ["when", ...(several ? ["server"] : []), "by", "what", "outcome", ""],
    operations.map(({ at, server, by, operation, detail, outcome, live, error }) => [
      humanAge(at),
      ...(several ? [server] : []),
      by,
      "share" in detail ? `${operation} ${String(detail.share)} %` : operation,
      outcome,
      error ?? (live ? `${live} live` : ""),
    ]),
  );
  return torn > 0 ? `${table}\n${countOf(torn, "torn line")} of the journal passed over` : table;
}
