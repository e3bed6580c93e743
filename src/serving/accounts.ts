import type { EnvironmentSpec } from "../environment/spec.ts";
import { usualAccount } from "../processes/account.ts";
import { findOwnAccountName } from "../processes/own-account.ts";
import { readMachine } from "./machine.ts";

/** Whom an environment's programs run as where its greenroom.json doesn't say so. Null: ourselves. */
export function accountFor(root: string, spec: Pick<EnvironmentSpec, "project" | "environment">) {
  if (process.getuid?.() !== 0) return null;
  if (readMachine(root).accounts !== "own") return usualAccount(root);
  return findOwnAccountName(root, spec.project, spec.environment);
}
