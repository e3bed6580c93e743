import { rmSync } from "node:fs";
import { ensureDirectory, readJsonIfWhole, writeJsonDurably } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { readJournal } from "./journal.ts";
import { at, type Site, siteName } from "./site.ts";

/** `run/intent.json`: what this machine has promised to do as soon as all others have promised it, too. */
export interface Intent {
  id: string;
  operation: string;
  input: object;
  /** By their names in greenroom.json. */
  servers: string[];
  by: string;
  at: string;
}

export function writeIntent(site: Site, intent: Intent): void {
  ensureDirectory(at.run(site));
  writeJsonDurably(at.intent(site), intent, 0o640);
}

export function readIntent(site: Site): Intent | null {
  return readJsonIfWhole<Intent>(at.intent(site));
}

/** It is carried out, or nothing comes of it. Another's stays. */
export function dropIntent(site: Site, id: string): void {
  if (readIntent(site)?.id === id) rmSync(at.intent(site), { force: true });
}

/** What was promised and has come to nothing so far. */
export function readPending(site: Site): Intent | null {
  const intent = readIntent(site);
  return intent && !isCarriedOut(site, intent.id) ? intent : null;
}

/** What was promised to other machines stands until it is carried out, or somebody recovers. */
export function assertNotPromised(site: Site, id: string | undefined): void {
  const other = readPending(site);
  if (!other || other.id === id) return;
  throw new GreenroomError(
    "LOCKED",
    `${siteName(site)} is about to do a ${other.operation} with ${other.servers.join(", ")}, since ${other.at} (${other.by})`,
    { hint: `greenroom recover ${site.environment}` },
  );
}

/** Who recovers meanwhile has all of them forget it: then nothing may come of it. */
export function assertPromised(site: Site, id: string): void {
  if (readIntent(site)?.id === id) return;
  throw new GreenroomError("LOCKED", `${siteName(site)} was told meanwhile that nothing comes of this`, {
    hint: `greenroom recover ${site.environment}, then give the same command again`,
  });
}

export function isCarriedOut(site: Site, id: string): boolean {
  return readJournal(site).entries.some(
    ({ begin, end }) =>
      (begin.detail as { intent?: string }).intent === id &&
      (end?.outcome === "done" || end?.outcome === "finished"),
  );
}
