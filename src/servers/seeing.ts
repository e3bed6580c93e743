import { readAccessLog } from "../environment/logs/access-log.ts";
import { type Cursors, readLines } from "../environment/logs/log-lines.ts";
import { readOperations } from "../environment/logs/operations-log.ts";
import { assertExists } from "../environment/operation.ts";
import { listReleases } from "../environment/releases.ts";
import { type Site, siteOf } from "../environment/site.ts";
import { GreenroomError } from "../errors.ts";
import { isName } from "../names.ts";
import { openStore } from "../release/store.ts";
import { machineOf } from "./machine.ts";
import { viewOf } from "./view.ts";

/** Where others may look. */
export interface Looking {
  root: string;
  /** Of this program. */
  version: string;
}

type Look = (where: Looking, head: Record<string, unknown>) => Promise<object> | object;

/** Calls that only look: they need so little of a specification that nothing is loaded to read all of it. */
export const seeing: Record<string, Look> = {
  machine: (where) => machineOf(where),
  look: ({ root }, { spec }) => viewOf(siteNamed(root, spec), domainIn(spec)),
  lines: ({ root }, { spec, last, cursors }) =>
    readLines(existing(siteNamed(root, spec)), countIn(last), cursorsIn(cursors)),
  requests: ({ root }, { spec, last }) => ({
    requests: readAccessLog(existing(siteNamed(root, spec)), countIn(last)),
  }),
  releases: ({ root }, { spec }) => ({ releases: listReleases(siteNamed(root, spec), openStore(root)) }),
  operations: ({ root }, { spec, last }) => readOperations(existing(siteNamed(root, spec)), countIn(last)),
};

/** The environment that a caller means, who may say anything. */
function siteNamed(root: string, spec: unknown): Site {
  const { project, environment } = (spec ?? {}) as Record<string, unknown>;
  for (const name of [project, environment]) {
    if (typeof name !== "string" || !isName(name)) throw refused(`${JSON.stringify(name)} is no name`);
  }
  return siteOf(root, project as string, environment as string);
}

/** It is only shown. */
function domainIn(spec: unknown): string {
  const { domain } = spec as Record<string, unknown>;
  const isFit = typeof domain === "string" && domain.length <= 253 && domain.split(".").every(isLabel);
  if (isFit) return domain;
  throw refused(`${JSON.stringify(domain)} is no domain`);
}

function isLabel(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

function existing(site: Site): Site {
  assertExists({ site });
  return site;
}

/** No screen shows more, and no answer holds more. */
const MOST = 10_000;

function countIn(value: unknown): number {
  if (Number.isInteger(value) && Number(value) > 0) return Math.min(Number(value), MOST);
  throw refused(`${JSON.stringify(value)} is no number of lines`);
}

function cursorsIn(value: unknown): Cursors | null {
  if (value === null) return null;
  const isCursor = (one: Partial<Cursors[string]> | null) =>
    typeof one?.file === "string" && Number.isInteger(one.offset) && one.offset! >= 0;
  if (typeof value === "object" && Object.values(value as object).every(isCursor)) return value as Cursors;
  throw refused("these are no cursors");
}

function refused(why: string): GreenroomError {
  return new GreenroomError("CALL_REFUSED", `this server takes no such call: ${why}`, {
    hint: "use the same version of Greenroom on both machines",
  });
}
