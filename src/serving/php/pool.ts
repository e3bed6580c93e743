import type { Side } from "../../environment/sides.ts";
import type { Site } from "../../environment/site.ts";
import type { PhpServing, StagedSpec } from "../../environment/spec.ts";
import { webAccount } from "../web-account.ts";
import { phpAt } from "./places.ts";
import { assertTellable, iniValue } from "./quote.ts";

export type PhpSpec = Pick<StagedSpec, "env"> & { serve: PhpServing };

/** What a file of pools begins with: whoever else's it is, it isn't touched. */
export function markOf(root: string): string {
  return `; Written by Greenroom for ${root}. Changes are lost.\n`;
}

/**
 * The pool of one side. Each side has one, so that the limits and the variables of a release come and go with it, and a
 * rehearsal that hangs keeps no visitor waiting; one that nobody asks has no processes.
 */
export function renderPool(site: Site, side: Side, spec: PhpSpec): string {
  const { serve } = spec;
  const lines = [
    ...account(site, serve),
    setting("listen", phpAt.socket(site, side)),
    "pm = ondemand",
    `pm.max_children = ${serve.php.workers}`,
    "pm.process_idle_timeout = 60s",
    `request_terminate_timeout = ${Math.ceil(serve.php.time / 1000)}s`,
    "security.limit_extensions = .php",
    "catch_workers_output = yes",
    "decorate_workers_output = no",
    "clear_env = yes",
    ...variables(site, side, spec),
    ...Object.entries(inis(site, serve)).map(([name, value]) => directive("php_admin_value", name, value)),
    "php_flag[display_errors] = off",
  ];
  return `${markOf(site.root)}[greenroom.${site.project}..${site.environment}.${side}]\n${lines.join("\n")}\n`;
}

function account(site: Site, { user }: PhpServing): string[] {
  if (process.getuid?.() !== 0 || user === null) return ["listen.mode = 0600"];
  // nginx's own account; the socket is for nobody else.
  const web = webAccount(site.root)?.name ?? "root";
  return [
    setting("user", user),
    setting("listen.owner", web),
    setting("listen.group", "root"),
    "listen.mode = 0600",
  ];
}

function variables(site: Site, side: Side, { env }: PhpSpec): string[] {
  const all = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...env,
    GREENROOM_PROJECT: site.project,
    GREENROOM_ENVIRONMENT: site.environment,
    GREENROOM_SIDE: side,
    GREENROOM_ROOT: site.root,
  };
  // An empty one can't be told; for PHP it is as good as none.
  const told = Object.entries(all).filter(([, value]) => value !== "");
  return told.map(([name, value]) => directive("env", name, value));
}

function inis(site: Site, { php }: PhpServing): Record<string, string> {
  return {
    memory_limit: `${php.memory}`,
    upload_max_filesize: `${php.upload}`,
    post_max_size: `${php.upload + FORM}`,
    max_execution_time: `${Math.ceil(php.time / 1000)}`,
    log_errors: "1",
    ...(php.confined && { open_basedir: confines(site).join(":") }),
    ...php.ini,
  };
}

/** What a form may have besides the uploaded file. */
export const FORM = 1024 * 1024;

function confines(site: Site): string[] {
  const own = ["releases", "storage", "config"].map((name) => `${site.dir}/${name}/`);
  return [...own, "/tmp/", "/usr/share/php/"];
}

function directive(kind: string, name: string, value: string): string {
  assertTellable(name, value);
  return `${kind}[${name}] = ${iniValue(value)}`;
}

function setting(name: string, value: string): string {
  return `${name} = ${iniValue(value)}`;
}

/** Every place of a side's pool, for who takes one away. */
export function poolName(site: Site, side: Side): string {
  return `greenroom-${site.project}..${site.environment}.${side}.conf`;
}
