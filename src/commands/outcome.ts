import type { EnvironmentSpec } from "../environment/spec.ts";
import { describeStep, type Step } from "../environment/steps.ts";
import type { Paint } from "./paint.ts";

/** What every answer of a command that changes something has. */
export interface Outcome {
  environment: string;
  /** With --dry-run: what would be done. */
  plan?: string[];
  warnings: string[];
}

export function outcomeOf(
  { environment }: EnvironmentSpec,
  done: { steps: Step[]; warnings: string[] },
  dryRun: boolean,
): Outcome {
  return {
    environment,
    ...(dryRun ? { plan: done.steps.map(describeStep) } : {}),
    warnings: done.warnings,
  };
}

/** The plan, where that was asked for; else the sentence. */
export function renderOutcome(outcome: Outcome, paint: Paint, sentence: () => string): string {
  if (!outcome.plan) return sentence();
  if (outcome.plan.length === 0) return "nothing would change";
  return outcome.plan.map((step, i) => `${paint.dim(String(i + 1).padStart(3))}  ${step}`).join("\n");
}
