import { readJsonIfWhole } from "../disk/durable.ts";
import { previewHost } from "../environment/previews.ts";
import { at, type Identity, type UpState } from "../environment/site.ts";
import { exists } from "../environment/state.ts";
import { describeStep, type Step } from "../environment/steps.ts";
import type { Scene } from "../environment/world.ts";
import type { Paint } from "./paint.ts";

/** What every answer of a command that changes something has. */
export interface Outcome {
  environment: string;
  /** With --dry-run: what would be done. */
  plan?: string[];
  warnings: string[];
}

export function outcomeOf(
  scene: Scene,
  done: { steps: Step[]; warnings: string[] },
  dryRun: boolean,
): Outcome {
  return {
    environment: scene.spec.environment,
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

/** The addresses of an environment, with the port of `greenroom up` where that runs. */
export function urlsOf({ site, spec }: Pick<Scene, "site" | "spec">) {
  const port = readJsonIfWhole<UpState>(at.up(site.root))?.port ?? 80;
  const url = (host: string) => `http://${host}${port === 80 ? "" : `:${port}`}/`;
  // A new address is waited for until the switch.
  const domain = readJsonIfWhole<Identity>(at.identity(site))?.domain ?? spec.domain;
  // The secret in a preview's address is made with the environment.
  const rehearsal = exists(site) ? url(previewHost(site, domain, "rehearsal")) : null;
  return { live: url(domain), rehearsal };
}
