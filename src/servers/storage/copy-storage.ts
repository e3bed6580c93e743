import type { EnvironmentSpec } from "../../environment/spec.ts";
import { carryOut, planTransfer } from "../../environment/storage/transfer.ts";
import { countOf, type Emit } from "../../events.ts";
import type { Host } from "../host.ts";

/** Brings what is stored on one server to another, by way of this machine. What only the other one has stays there. */
export async function copyStorage(from: Host, to: Host, spec: EnvironmentSpec, emit: Emit): Promise<void> {
  for (const path of spec.storage) {
    const [source, target] = [from.storage(spec, path), to.storage(spec, path)];
    const [wanted, found] = [await source.list(), await target.list()];
    if (wanted.kind === "nothing") continue;
    const plan = planTransfer(wanted, found, false);
    await carryOut(plan, source, target, emit);
    if (plan.skipped.length === 0) continue;
    const text = `${path}: ${countOf(plan.skipped.length, "symlink")} of ${from.name} stayed there`;
    emit({ event: "warning", text });
  }
}
