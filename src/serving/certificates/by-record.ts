import { setTimeout as pause } from "node:timers/promises";
import { GreenroomError } from "../../errors.ts";
import type { Keeping } from "../keeping.ts";
import type { Proof } from "./prove.ts";
import { clearLeftRecords, clearRecord, setRecord } from "./records.ts";

/** DNS-01: the authority asks the domain's name servers. Only so does it certify wildcards. */
export function byRecord(keeping: Keeping): Proof {
  const { machine, signal } = keeping;
  const { dns, dnsWait } = machine.acme;
  return {
    challenge: "dns-01",
    assertPossible() {
      if (dns === null) throw unknownHow();
    },
    async show(domain, { answer }) {
      if (dns === null) throw unknownHow();
      await clearLeftRecords(keeping);
      const record = { name: `_acme-challenge.${domain}`, value: answer };
      const withdraw = () => clearRecord(keeping, record);
      try {
        await setRecord(keeping, dns, record);
        // An authority that looks too early says no, and then wants another record.
        await pause(dnsWait * 1000, null, { signal });
      } catch (error) {
        await withdraw();
        throw error;
      }
      return withdraw;
    },
  };
}

function unknownHow(): GreenroomError {
  return new GreenroomError(
    "CERTIFICATE_UNUSABLE",
    "this machine isn't told how DNS records are set (greenroom setup --acme-dns PROGRAM)",
  );
}
