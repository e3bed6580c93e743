import { isAbsolute } from "node:path";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import { VERSION_CONTROL } from "./ignores.ts";
import { keyFilesOf } from "./keys.ts";
import { PROJECT_FILE, type ProjectFile } from "./schema.ts";
import { nearest } from "./suggest.ts";
import { TEMPLATE_NAMES } from "./templates.ts";

/** What a schema can't say: names that must exist, paths that must not overlap, tasks that need each other in a ring. */
export function assertMeaningful(file: ProjectFile): void {
  assertTasksFit(file);
  assertPathsApart(file);
  assertStorable(file);
  assertNotRunFromStorage(file);
  assertValuesNamed(file);
  assertDomainsApart(file);
  assertServersKnown(file);
  assertKeysThere(file);
  assertVariablesFit(file);
}

/** Tasks by what runs them. */
type Tasked = Pick<EnvironmentSpec, "tasks" | "checks"> & { hooks: Partial<EnvironmentSpec["hooks"]> };

/** Each is there where it is named, and none waits for itself. */
export function assertTasksFit(tasked: Tasked): void {
  assertTasksExist(tasked);
  assertNoCycle(tasked.tasks);
}

function refuse(message: string, hint?: string): never {
  throw new GreenroomError("CONFIG_INVALID", `${PROJECT_FILE}: ${message}`, { hint });
}

function assertTasksExist({ tasks, checks, hooks }: Tasked): void {
  const uses = [
    ...Object.entries(tasks).flatMap(([name, task]) =>
      task.needs.map((need) => [`tasks.${name}.needs`, need] as const),
    ),
    ...checks.flatMap((check, i) => ("task" in check ? [[`checks[${i}]`, check.task] as const] : [])),
    ...Object.entries(hooks).flatMap(([moment, names]) =>
      (names ?? []).map((name) => [`hooks["${moment}"]`, name] as const),
    ),
  ];
  for (const [where, name] of uses) {
    if (Object.hasOwn(tasks, name)) continue;
    const meant = nearest(name, Object.keys(tasks));
    refuse(
      `${where}: there is no task ${JSON.stringify(name)}${meant ? `; did you mean ${JSON.stringify(meant)}?` : ""}`,
    );
  }
}

function assertNoCycle(tasks: Tasked["tasks"]): void {
  const done = new Set<string>();
  const visit = (name: string, trail: string[]) => {
    if (trail.includes(name)) {
      const ring = [...trail.slice(trail.indexOf(name)), name].join(" → ");
      refuse(`tasks need each other in a ring: ${ring}`, "take one of these needs away");
    }
    if (done.has(name)) return;
    for (const need of tasks[name]!.needs) visit(need, [...trail, name]);
    done.add(name);
  };
  for (const name of Object.keys(tasks)) visit(name, []);
}

function assertPathsApart({ storage, config }: ProjectFile): void {
  const paths = [...storage, ...Object.keys(config)];
  for (const [i, path] of paths.entries()) {
    const clash = paths.find((other, j) => i !== j && (other === path || other.startsWith(`${path}/`)));
    if (clash) refuse(`${JSON.stringify(path)} and ${JSON.stringify(clash)} of storage and config overlap`);
  }
}

function assertStorable({ storage }: ProjectFile): void {
  const lost = storage.find((path) => path.split("/").some((part) => VERSION_CONTROL.includes(part)));
  if (lost)
    refuse(`storage: ${JSON.stringify(lost)} belongs to the version control and stays out of releases`);
}

/** Who may write into storage may be hostile, and nothing there is ever run. */
function assertNotRunFromStorage({ serve, storage }: ProjectFile): void {
  if (serve.kind !== "php") return;
  const run = [serve.public, serve.front ?? "."].filter((part) => part !== ".").join("/");
  const above = storage.find((path) => run === path || run.startsWith(`${path}/`));
  if (above)
    refuse(`storage: ${JSON.stringify(above)} holds ${JSON.stringify(run)}, and PHP runs nothing in storage`);
}

function assertValuesNamed({ environments }: ProjectFile): void {
  for (const [name, { values }] of Object.entries(environments)) {
    const taken = Object.keys(values).find((value) => TEMPLATE_NAMES.includes(value));
    if (taken)
      refuse(
        `environments.${name}.values: templates know ${JSON.stringify(taken)} by themselves`,
        "give the value another name",
      );
  }
}

function assertDomainsApart({ environments }: ProjectFile): void {
  const owners = new Map<string, string>();
  for (const [name, { domain }] of Object.entries(environments)) {
    const owner = owners.get(domain);
    if (owner) refuse(`environments ${owner} and ${name} have the same domain ${domain}`);
    owners.set(domain, name);
  }
}

function assertServersKnown({ servers: known, environments }: ProjectFile): void {
  const names = ["local", ...Object.keys(known)];
  for (const [name, { servers }] of Object.entries(environments)) {
    const where = `environments.${name}.servers`;
    const unknown = servers.find((server) => !names.includes(server));
    const meant = unknown === undefined ? null : nearest(unknown, names);
    if (unknown !== undefined) {
      refuse(
        `${where}: there is no server ${JSON.stringify(unknown)}${meant ? `; did you mean ${JSON.stringify(meant)}?` : ""}`,
        'name it under "servers"',
      );
    }
    if (new Set(servers).size < servers.length) refuse(`${where}: a server is named twice`);
  }
}

/** What is beside greenroom.json is on no server. */
function assertKeysThere({ environments }: ProjectFile): void {
  for (const [name, { servers, tls }] of Object.entries(environments)) {
    if (servers.every((server) => server === "local")) continue;
    const beside = keyFilesOf(tls).find((path) => !isAbsolute(path));
    if (beside !== undefined)
      refuse(
        `environments.${name}.tls: ${JSON.stringify(beside)} is to be on ${servers.join(", ")}`,
        "write where it is there, from / on",
      );
  }
}

/** Of one variable and of all together; the kernel takes 128 KB, and 2 MB with the usual stack. */
const VARIABLE_LIMIT = 100_000;
const VARIABLES_LIMIT = 1_000_000;

function assertVariablesFit({ env, environments }: ProjectFile): void {
  for (const [name, environment] of Object.entries(environments)) {
    const sizes = Object.entries({ ...env, ...environment.env }).map(
      ([variable, value]) => [variable, Buffer.byteLength(value)] as const,
    );
    const large = sizes.find(([, bytes]) => bytes > VARIABLE_LIMIT);
    const sum = sizes.reduce((total, [, bytes]) => total + bytes, 0);
    const hint = "give what is large to the app as a file, for instance with config";
    if (large) refuse(`env.${large[0]} has ${large[1]} bytes, more than a process can be given`, hint);
    if (sum > VARIABLES_LIMIT)
      refuse(`env of ${name} has ${sum} bytes, more than a process can be given`, hint);
  }
}
