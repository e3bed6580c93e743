import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GreenroomError } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { ProjectFile } from "../../project/schema.ts";
import type { Server } from "../server.ts";
import type { Bundle } from "../ssh/script.ts";
import { openShell, type Shell } from "../ssh/shell.ts";
import { accountOf, enteredAs } from "./account.ts";
import { applyStep } from "./apply.ts";
import { readFacts } from "./facts.ts";
import { type Needs, needsOf, type Wishes } from "./needs.ts";
import { planProvision } from "./plan.ts";
import { describeStep, type Step } from "./steps.ts";
import { UP_FILES } from "./up-service.ts";

export interface Provision {
  bundle: Bundle;
  wishes: Pick<Wishes, "listen" | "listenTls" | "firewall" | "as">;
  dryRun: boolean;
  emit: Emit;
}

/** Makes a server ready for a project, step by step; answers the steps. What it has already is left as it is. */
export async function provision(
  file: ProjectFile,
  server: Server,
  { bundle, wishes, dryRun, emit }: Provision,
): Promise<Step[]> {
  const entered = wishes.as === null ? server : enteredAs(server, wishes.as);
  const account = wishes.as === null || accountOf(server) === wishes.as ? null : accountOf(server);
  const shell = await openShell(entered, dryRun ? null : "/run/greenroom-provision.lock");
  try {
    const acme = readFileSync(join(dirname(process.argv[1]!), "acme-client.mjs"));
    const needs = needsOf(file, server, { ...wishes, account, sshPort: shell.port }, { bundle, acme });
    const contentOf = (path: string) => (path === needs.files[0].path ? bundle.content : acme);
    return await provisionBy(shell, server, needs, { contentOf, dryRun, emit });
  } finally {
    await shell.close();
  }
}

interface How {
  contentOf(path: string): Buffer;
  dryRun: boolean;
  emit: Emit;
}

/** After each step it is looked anew what is still to be done: what was done must be seen. */
async function provisionBy(shell: Shell, server: Server, needs: Needs, { contentOf, dryRun, emit }: How) {
  const done: Step[] = [];
  for (;;) {
    const facts = await readFacts(shell, server, needs, [...UP_FILES]);
    const isUpdated = done.some((step) => step.do === "lists");
    const steps = planProvision(facts, needs, isUpdated);
    const [next] = steps;
    if (dryRun) return steps;
    if (!next) return done;
    assertNew(server, next, done);
    emit({ event: "step", text: `${server.name}: ${describeStep(next)}` });
    const [{ path: program }] = needs.files;
    await applyStep({ server, shell, emit, contentOf, program, node: facts.node?.path ?? null }, next);
    done.push(next);
  }
}

function assertNew({ name }: Server, step: Step, done: Step[]): void {
  const words = describeStep(step);
  if (!done.some((other) => describeStep(other) === words)) return;
  throw new GreenroomError("PROVISION_FAILED", `${name} did ${words}, and nothing came of it`, {
    hint: `look there what undoes it, then: greenroom provision ${name}`,
  });
}
