import { readJsonIfWhole } from "../disk/durable.ts";
import { readPending } from "../environment/intent.ts";
import { readLastMove } from "../environment/journal.ts";
import { previewHost } from "../environment/previews.ts";
import { SIDES } from "../environment/sides.ts";
import { at, type Identity, type ProcessState, type Site, type UpState } from "../environment/site.ts";
import { exists, liveRelease, readState, rehearsalRelease } from "../environment/state.ts";
import { readCertificateStates } from "../environment/tls/certificate-state.ts";
import { rolesServed } from "../environment/tls/tls.ts";
import { verdictWord } from "../environment/verdict.ts";
import { readTlsPort } from "../serving/machine-file.ts";
import { readFailing } from "../serving/supervisor/failing.ts";
import { isUp } from "../serving/supervisor/up-state.ts";

/** What a machine shows of an environment that it holds. */
export type View = ReturnType<typeof viewOf>;

/** `domain` is what greenroom.json says, for an environment that nobody has staged yet. */
export function viewOf(site: Site, domain: string) {
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
    /** What it is about to do with others, or was when somebody went away: nothing else is done until then. */
    promised: promiseOf(site),
    deployed: lastDeployment(site),
    processes: up ? readProcesses(site) : [],
    /** Processes that fail again and again. */
    failing: up ? readFailing(site) : [],
    certificates: state.identity ? readCertificateStates(site, state.identity, new Date()) : [],
    urls: urlsOf(site, domain),
  };
}

/** When visitors last got another release, and by whom; null where the journal doesn't go back as far. */
function lastDeployment(site: Site) {
  const move = readLastMove(site);
  return move?.end
    ? { at: move.end.at, by: move.begin.by, operation: move.begin.operation, release: move.end.live! }
    : null;
}

function promiseOf(site: Site) {
  const intent = readPending(site);
  return intent && { operation: intent.operation, servers: intent.servers, by: intent.by, at: intent.at };
}

/** What the `greenroom up` that runs keeps running. */
function readProcesses(site: Site) {
  return SIDES.flatMap((side) => {
    const { status, processes = [] } = readJsonIfWhole<ProcessState>(at.processes(site, side)) ?? {};
    const running = status === "stopped" ? [] : processes;
    return running.map(({ name, pid, started, restarts }) => ({ side, name, pid, started, restarts }));
  });
}

/** The addresses of an environment, with the port of `greenroom up` where that runs. */
function urlsOf(site: Site, wished: string) {
  const port = readJsonIfWhole<UpState>(at.up(site.root))?.port ?? 80;
  const { domain: own, below } = httpsOf(site);
  const url = (host: string, https: number | null) =>
    https === null ? urlTo("http", host, port, 80) : urlTo("https", host, https, 443);
  // A new address is waited for until the switch.
  const domain = readJsonIfWhole<Identity>(at.identity(site))?.domain ?? wished;
  // The secret in a preview's address is made with the environment.
  const rehearsal = exists(site) ? url(previewHost(site, domain, "rehearsal"), below) : null;
  return { live: url(domain, own), rehearsal };
}

/** The ports by which the domain and the names below it are answered by https; null where they aren't. */
function httpsOf(site: Site): { domain: number | null; below: number | null } {
  const port = readTlsPort(site.root);
  const identity = port === null ? null : readJsonIfWhole<Identity>(at.identity(site));
  const roles = identity ? rolesServed(site, identity) : { domain: null, below: null };
  return { domain: roles.domain && port, below: roles.below && port };
}

function urlTo(protocol: string, host: string, port: number, usual: number): string {
  return `${protocol}://${host}${port === usual ? "" : `:${port}`}/`;
}
