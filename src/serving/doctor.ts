import type { Finding } from "../environment/doctor.ts";
import { GreenroomError } from "../errors.ts";
import { assertDnsProgram } from "./certificates/dns-program.ts";
import { completeMachine } from "./fitness.ts";
import { type Machine, readMachine } from "./machine.ts";
import { assertRead, assertRunning } from "./nginx/machines.ts";
import { assertNoOrphans } from "./nginx/orphans.ts";
import { nginxOf } from "./nginx/places.ts";
import { supervisordOf } from "./supervisord/places.ts";
import { call } from "./supervisord/rpc.ts";

/** What serves the root besides Greenroom itself: is it there, and does it still hear of us? */
export async function examineMachine(root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const look = async (what: string, found: string, assert: () => unknown) => {
    findings.push(await examineOne(what, found, assert));
  };
  let machine: Machine;
  try {
    machine = readMachine(root);
  } catch (error) {
    return [await examineOne("machine.json", "", () => Promise.reject(error))];
  }
  const { router, supervisor, unprivileged } = machine;
  if (router === "nginx") {
    await look("nginx", unprivileged ? "one of its own" : "the machine's", () => {
      assertSame(machine, completeMachine(root, { ...machine, supervisor: "embedded" }));
      if (!unprivileged) assertRunning(nginxOf(root, false));
      if (!unprivileged) assertRead();
      else assertNoOrphans(root);
    });
  }
  if (supervisor === "supervisord") {
    await look("supervisord", unprivileged ? "one of its own" : "the machine's", async () => {
      completeMachine(root, { ...machine, router: "embedded" });
      if (!unprivileged) await call(supervisordOf(root, false), "supervisor.getPID");
    });
  }
  findings.push(...examineAccounts(machine));
  const { dns } = machine.acme;
  if (dns !== null) await look("DNS program", dns, () => assertDnsProgram(dns));
  return findings;
}

function examineAccounts({ router, accounts, webUser }: Machine): Finding[] {
  if (router !== "nginx" || accounts === "own" || process.getuid?.() !== 0) return [];
  const found = `sites' programs share ${webUser ?? "nginx's"}, and can read what nginx reads: keys, other sites' sockets`;
  return [{ what: "accounts", state: "note", found, remedy: "greenroom setup --accounts own" }];
}

function assertSame({ webUser: before }: Machine, { webUser }: Machine): void {
  if (webUser === before) return;
  throw new GreenroomError(
    "ROUTER_REFUSED",
    `nginx runs as ${webUser} now, and sockets are still ${before}'s`,
    {
      hint: "end greenroom up, then greenroom setup and greenroom up anew",
    },
  );
}

async function examineOne(what: string, found: string, assert: () => unknown): Promise<Finding> {
  try {
    await assert();
    return { what, state: "good", found, remedy: null };
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return { what, state: "broken", found: error.message, remedy: error.hint ?? null };
  }
}
