import { readFileSync } from "node:fs";
import { orNull } from "../../disk/durable.ts";
import type { Supervisor } from "../../environment/parts.ts";
import { SIDES, type Side } from "../../environment/sides.ts";
import { at, type Site, siteName, siteOf } from "../../environment/site.ts";
import type { PhpServing } from "../../environment/spec.ts";
import { GreenroomError } from "../../errors.ts";
import { assertAccount } from "../../processes/own-account.ts";
import { readMachine } from "../machine.ts";
import { LONGEST } from "../supervisor/endpoint.ts";
import { probe, untilHealthy } from "../supervisor/health.ts";
import { isUp } from "../supervisor/up-state.ts";
import { forgetCachedIfChanged } from "./cached.ts";
import { fpmOf, phpAt } from "./places.ts";
import { type PhpSpec, renderPool } from "./pool.ts";
import { settlePools } from "./pools.ts";
import { previewOf } from "./preview.ts";
import { notRunning, readFpmPid } from "./program.ts";

/** For sides with PHP: PHP-FPM is told of them together with the router, and they only have to answer. */
export function createPhpSupervisor(root: string): Supervisor {
  return {
    assertReady({ serve, env, project, environment }) {
      if (serve.kind !== "php") return;
      const site = siteOf(root, project, environment);
      assertServer(site);
      assertNotRoot(site, serve);
      assertPoolFits(site, { serve, env });
    },
    async start(site, side, release, serve) {
      if (serve.kind !== "php") return;
      const fpm = fpmOf(root, readMachine(root).unprivileged);
      await settlePools(fpm, site);
      await forgetCachedIfChanged(fpm, site, release);
      const limits = { within: PATIENCE, signal: new AbortController().signal, before: () => {} };
      const reason = await untilHealthy(healthOf(site, side, serve), limits);
      if (reason !== null) throw unhealthy(site, `${side} (${release})`, reason);
    },
    async assertHealthy(site, side, serve) {
      if (serve.kind !== "php") return;
      assertServer(site);
      const reason = await probe(healthOf(site, side, serve));
      if (reason !== null) throw unhealthy(site, side, reason);
    },
    // PHP-FPM forgets together with the router.
    async forget() {},
  };
}

/** PHP has nothing to start up: a page that fails for so long is a page that fails. */
const PATIENCE = 10_000;

function assertServer(site: Site): void {
  const { router, unprivileged } = readMachine(site.root);
  if (router !== "nginx") {
    throw new GreenroomError("ROUTER_REFUSED", `${siteName(site)} is a PHP site, which only nginx serves`, {
      hint: "greenroom setup --router nginx",
    });
  }
  const fpm = fpmOf(site.root, unprivileged);
  if (unprivileged && !isUp(site.root)) {
    throw new GreenroomError("UP_NOT_RUNNING", `${siteName(site)} needs PHP-FPM, and nothing runs it`, {
      hint: "greenroom up",
    });
  }
  if (!unprivileged && readFpmPid(fpm) === null) throw notRunning(fpm);
}

function assertNotRoot(site: Site, { user }: PhpServing): void {
  if (process.getuid?.() !== 0) return;
  if (user !== null) {
    assertAccount(user, site);
    return;
  }
  throw new GreenroomError(
    "ROOT_UNUSABLE",
    `no account but root's can reach ${site.root}, and PHP never runs as root`,
    {
      hint: "choose a root outside of private folders with --root, or name an account in serve.user",
    },
  );
}

/** Renders it, because what can't be written in its file is refused by then. */
function assertPoolFits(site: Site, spec: PhpSpec): void {
  for (const side of SIDES) renderPool(site, side, spec);
  const path = phpAt.socket(site, "green");
  const length = Buffer.byteLength(path);
  if (length <= LONGEST) return;
  throw new GreenroomError(
    "ROOT_UNUSABLE",
    `${siteName(site)}'s socket ${path} would be ${length} bytes long, ${length - LONGEST} more than the kernel takes`,
    { hint: "choose a shorter root with --root" },
  );
}

function healthOf(site: Site, side: Side, { health }: PhpServing) {
  return { ...previewOf(site, side), path: health };
}

function unhealthy(site: Site, what: string, reason: string): GreenroomError {
  return new GreenroomError("PROCESS_UNHEALTHY", `${siteName(site)} ${what} isn't healthy: ${reason}`, {
    hint: `less ${at.log(site, "error.log")}`,
    detail: lastWords(at.log(site, "error.log")),
  });
}

/** nginx writes down what PHP says. */
function lastWords(log: string): string[] {
  const text = orNull(() => readFileSync(log, "utf8"), "ENOENT", "EACCES") ?? "";
  return text.trim().split("\n").filter(Boolean).slice(-5);
}
