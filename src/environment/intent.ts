import { rmSync } from "node:fs";
import { ensureDirectory, readJsonIfWhole, writeJsonDurably } from "../disk/durable.ts";
import { readJournal } from "./journal.ts";
import { at, type Site } from "./site.ts";

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

export function isCarriedOut(site: Site, id: string): boolean {
  return readJournal(site).entries.some(
    ({ begin, end }) =>
      (begin.detail as { intent?: string }).intent === id &&
      (end?.outcome === "done" || end?.outcome === "finished"),
  );
}
