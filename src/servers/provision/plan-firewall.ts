import { GreenroomError } from "../../errors.ts";
import type { Facts } from "./facts.ts";
import type { Needs } from "./needs.ts";
import { doorsOf } from "./setup-argv.ts";
import type { Step } from "./steps.ts";

/** Rules come before it is turned on; those that are there already stay. */
export function planFirewall(facts: Facts, needs: Needs): Step[] {
  const { listen, listenTls } = doorsOf(needs, facts);
  const ports = [portOfSsh(needs), ...[...listen, ...listenTls].filter(isOpen).map(portOf)];
  const rules = facts.firewall?.rules ?? [];
  const missing = [...new Set(ports)].filter((port) => !rules.includes(`allow ${port}/tcp`));
  return [
    ...missing.map((port) => ({ do: "allow", port }) as const),
    ...(facts.firewall?.on ? [] : [{ do: "firewall" } as const]),
  ];
}

/** Whoever turned a firewall on without it would keep everybody out. */
function portOfSsh({ sshPort }: Needs): number {
  if (sshPort !== null) return sshPort;
  throw new GreenroomError("SERVER_UNFIT", "the server can't tell by which port ssh comes in", {
    hint: "leave --firewall out, and set one up by hand",
  });
}

function isOpen(address: string): boolean {
  return !/^(?:127\.|\[::1\]|localhost)/.test(address);
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
