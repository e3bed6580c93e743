import { rmSync } from "node:fs";
import { readJsonIfWhole, syncDirectory, writeJsonDurably } from "../disk/durable.ts";
import type { Side } from "./sides.ts";
import { at, type Site } from "./site.ts";

export interface CheckResult {
  check: string;
  passed: boolean;
  /** What was found instead. */
  reason: string | null;
  ms: number;
}

/** What the checks said of a side's release. It is forgotten whenever the side is staged. */
export interface Verdict {
  release: string;
  passed: boolean;
  results: CheckResult[];
  at: string;
}

export function readVerdict(site: Site, side: Side): Verdict | null {
  return readJsonIfWhole<Verdict>(at.verdict(site, side));
}

export function writeVerdict(site: Site, side: Side, verdict: Verdict): void {
  // A check's last words may be anything, and are nobody else's business.
  writeJsonDurably(at.verdict(site, side), verdict, 0o640);
}

export function forgetVerdict(site: Site, side: Side): void {
  rmSync(at.verdict(site, side), { force: true });
  syncDirectory(at.run(site));
}

export function verdictWord(verdict: Verdict | null): "passed" | "failed" | "not run" {
  return verdict ? (verdict.passed ? "passed" : "failed") : "not run";
}
