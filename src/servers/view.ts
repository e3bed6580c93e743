import { readJsonIfWhole } from "../disk/durable.ts";
import { readCertificateStates } from "../environment/certificate-state.ts";
import { previewHost } from "../environment/previews.ts";
import { at, type Identity, type Site, type UpState } from "../environment/site.ts";
import { exists, liveRelease, readState, rehearsalRelease } from "../environment/state.ts";
import { rolesServed } from "../environment/tls.ts";
import { verdictWord } from "../environment/verdict.ts";
import type { Scene } from "../environment/world.ts";
import { readMachine, tlsPortOf } from "../serving/machine.ts";
import { readFailing } from "../serving/supervisor/failing.ts";
import { isUp } from "../serving/supervisor/up-state.ts";

/** What a machine shows of an environment that it holds. */
export type View = ReturnType<typeof viewOf>;

export function viewOf({ site, spec }: Pick<Scene, "site" | "spec">) {
  const state = readState(site);
  const up = isUp(site.root);
  return {
    /** Whether a `greenroom up` serves the root; another web server may. */
    up,
    live: state.live && { side: state.live, release: liveRelease(state) },
    rehearsal: {
      side: state.rehearsal,
      release: rehearsalRelease(state),
      checks: verdictWord(state.verdict),
    },
    /** Until when new requests are held; after it they are turned away, until somebody resumes. */
    paused: state.traffic?.paused ?? null,
    traffic: state.traffic?.buckets ?? { blue: 0, green: 0 },
    /** Processes that fail again and again. */
    failing: up ? readFailing(site) : [],
    certificates: state.identity ? readCertificateStates(site, state.identity, new Date()) : [],
    urls: urlsOf({ site, spec }),
  };
}

/** The addresses of an environment, with the port of `greenroom up` where that runs. */
function urlsOf({ site, spec }: Pick<Scene, "site" | "spec">) {
  const port = readJsonIfWhole<UpState>(at.up(site.root))?.port ?? 80;
  const { domain: own, below } = httpsOf(site);
  const url = (host: string, https: number | null) =>
    https === null ? urlTo("http", host, port, 80) : urlTo("https", host, https, 443);
  // A new address is waited for until the switch.
  const domain = readJsonIfWhole<Identity>(at.identity(site))?.domain ?? spec.domain;
  // The secret in a preview's address is made with the environment.
  const rehearsal = exists(site) ? url(previewHost(site, domain, "rehearsal"), below) : null;
  return { live: url(domain, own), rehearsal };
}

/** The ports by which the domain and the names below it are answered by https; null where they aren't. */
function httpsOf(site: Site): { domain: number | null; below: number | null } {
  const port = tlsPortOf(readMachine(site.root));
  const identity = port === null ? null : readJsonIfWhole<Identity>(at.identity(site));
  const roles = identity ? rolesServed(site, identity) : { domain: null, below: null };
  return { domain: roles.domain && port, below: roles.below && port };
}

function urlTo(protocol: string, host: string, port: number, usual: number): string {
  return `${protocol}://${host}${port === usual ? "" : `:${port}`}/`;
}
