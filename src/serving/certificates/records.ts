import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, readJsonIfWhole, TEMPORARY, writeJsonDurably } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import type { Keeping } from "../keeping.ts";
import { type DnsRecord, runDnsProgram } from "./dns-program.ts";

type Machinery = Pick<Keeping, "root" | "machine" | "emit" | "signal">;

/** How long a program may take that sets or clears a record. */
const LIMIT = 120_000;
/** When `greenroom up` ends. What isn't cleared by then is cleared by the next one. */
const HURRY = 3_000;

/** Noted before it is set, so that it is cleared whatever comes between. */
export async function setRecord({ root }: Machinery, program: string, record: DnsRecord): Promise<void> {
  ensureDirectory(placeOf(root));
  writeJsonDurably(noteOf(root, record), record, 0o600);
  await runDnsProgram(program, "set", record, LIMIT);
}

/** One that can't be cleared does no harm: it is told of, and tried again another time. */
export async function clearRecord(to: Machinery, record: DnsRecord): Promise<void> {
  const { dns } = to.machine.acme;
  const trouble = dns === null ? NOBODY : await tryToClear(to, dns, record);
  if (trouble === null) rmSync(noteOf(to.root, record), { force: true });
  else to.emit({ event: "warning", text: `the DNS record ${record.name} is left for now: ${trouble}` });
}

/** Of orders that were cut short. */
export async function clearLeftRecords(to: Machinery): Promise<void> {
  const place = placeOf(to.root);
  for (const name of existsSync(place) ? readdirSync(place) : []) {
    if (to.signal.aborted) return;
    const record = name.startsWith(TEMPORARY) ? null : readJsonIfWhole<DnsRecord>(join(place, name));
    if (record) await clearRecord(to, record);
    else rmSync(join(place, name), { force: true });
  }
}

const NOBODY = "no program is there for it any more (greenroom setup --acme-dns PROGRAM)";

async function tryToClear({ signal }: Machinery, dns: string, record: DnsRecord): Promise<string | null> {
  try {
    await runDnsProgram(dns, "clear", record, signal.aborted ? HURRY : LIMIT);
    return null;
  } catch (error) {
    if (error instanceof GreenroomError) return error.message;
    throw error;
  }
}

function placeOf(root: string): string {
  return join(root, "acme", "records");
}

function noteOf(root: string, { name, value }: DnsRecord): string {
  const hash = createHash("sha256").update(`${name} ${value}`).digest("hex");
  return join(placeOf(root), `${hash.slice(0, 16)}.json`);
}
