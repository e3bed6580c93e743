import { lstatSync } from "node:fs";
import { join } from "node:path";
import { asAccount } from "../disk/as-account.ts";
import { orNull } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { countOf } from "../events.ts";
import type { ManifestHead } from "../release/manifest.ts";
import { readHead } from "../release/store.ts";
import type { Side } from "./sides.ts";
import { at } from "./site.ts";
import type { Check } from "./spec.ts";
import { liveRelease, readState } from "./state.ts";
import { accountOf } from "./storage/storage.ts";
import { orderTasks, runTask } from "./tasks.ts";
import type { CheckResult } from "./verdict.ts";
import type { Scene } from "./world.ts";

export function describeCheck(check: Check): string {
  if ("http" in check)
    return `GET ${check.http} answers ${check.status}${check.contains ? ` with "${check.contains}"` : ""}`;
  if ("files" in check) return `holds ${check.files.join(", ")}`;
  if ("shrinks" in check) return `isn't smaller than the live release by more than ${check.shrinks} %`;
  return `task ${check.task}`;
}

/** A failed check is an answer, not an error. */
export async function runCheck(scene: Scene, side: Side, check: Check, url: string): Promise<CheckResult> {
  const started = performance.now();
  const reason = await reasonAgainst(scene, side, check, url);
  return {
    check: describeCheck(check),
    passed: reason === null,
    reason,
    ms: Math.round(performance.now() - started),
  };
}

async function reasonAgainst(scene: Scene, side: Side, check: Check, url: string): Promise<string | null> {
  if ("http" in check) return checkHttp(check, url);
  if ("files" in check) return checkFiles(scene, side, check.files);
  if ("shrinks" in check) return checkShrinks(scene, side, check.shrinks);
  try {
    for (const task of orderTasks(scene.spec.tasks, [check.task])) await runTask(scene, task, side, url);
    return null;
  } catch (error) {
    if (error instanceof GreenroomError) return [error.message, ...error.detail].join("\n");
    throw error;
  }
}

async function checkHttp(check: Extract<Check, { http: string }>, url: string): Promise<string | null> {
  try {
    const answer = await fetch(new URL(check.http, url), {
      redirect: "manual",
      signal: AbortSignal.timeout(check.within),
    });
    const body = await answer.text();
    if (answer.status !== check.status) return `it answered ${answer.status}`;
    if (check.contains !== null && !body.includes(check.contains))
      return `that isn't among its ${countOf(body.length, "character")}`;
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      return `no answer within ${check.within / 1000} s`;
    return error instanceof Error
      ? `${error.message}${error.cause ? `: ${String(error.cause)}` : ""}`
      : String(error);
  }
}

/** By the rights of the site's programs: a symlink that they have made may lead to where they don't get. */
function checkFiles({ site, spec }: Scene, side: Side, files: string[]): string | null {
  const lacks = (file: string) =>
    orNull(() => lstatSync(join(at.side(site, side), file)), "ENOENT", "ENOTDIR", "EACCES") === null;
  const missing = asAccount(accountOf(spec), () => files.filter(lacks));
  return missing.length === 0 ? null : `${missing.join(", ")} is missing`;
}

function checkShrinks({ site, world }: Scene, side: Side, percent: number): string | null {
  const state = readState(site);
  const head = (release: string | null) => (release ? readHead(world.store, site.project, release) : null);
  const [live, next] = [head(liveRelease(state)), head(state.sides[side])];
  return live && next ? shrinkage(live, next, percent) : null;
}

type Size = Pick<ManifestHead, "files" | "bytes" | "version">;

export function shrinkage(live: Size, next: Size, percent: number): string | null {
  const least = 1 - percent / 100;
  if (next.files < live.files * least) {
    return `${next.version} has ${countOf(next.files, "file")}, the live ${live.version} has ${live.files}`;
  }
  if (next.bytes < live.bytes * least) {
    return `${next.version} has ${countOf(next.bytes, "byte")}, the live ${live.version} has ${live.bytes}`;
  }
  return null;
}
