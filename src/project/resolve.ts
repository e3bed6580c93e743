import type { Check, EnvironmentSpec, Serving } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import { resolveTls } from "./keys.ts";
import type { Project } from "./load.ts";
import { nearest } from "./suggest.ts";
import { renderConfig } from "./templates.ts";

/** How much smaller a release may be before somebody must say that this is right. */
const SHRINKS: Check = { shrinks: 50 };

/** The environment that a command is about: the one named, or the project's only one. */
export function chooseEnvironment(project: Project, name: string | undefined): string {
  const names = Object.keys(project.file.environments);
  if (name === undefined && names.length === 1) return names[0]!;
  if (name !== undefined && names.includes(name)) return name;
  const meant = name === undefined ? null : nearest(name, names);
  throw new GreenroomError(
    name === undefined ? "USAGE" : "ENVIRONMENT_UNKNOWN",
    name === undefined
      ? `the project has several environments: ${names.join(", ")}`
      : `greenroom.json has no environment ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ""}`,
    { hint: `name one of: ${names.join(", ")}` },
  );
}

/** What should be, complete: nothing is looked up in the project afterwards. Templates are read from `templates`. */
export function resolveSpec(project: Project, name: string, templates = project.dir): EnvironmentSpec {
  const { project: projectName, serve, storage, config, tasks, checks, hooks, env } = project.file;
  const { values, tls, ...environment } = project.file.environments[name]!;
  const known = { project: projectName, environment: name, domain: environment.domain, ...values };
  return {
    project: projectName,
    environment: name,
    ...environment,
    tls: resolveTls(project.dir, tls),
    serve: serve as Serving,
    env: { ...env, ...environment.env },
    storage,
    config: renderConfig(templates, config, known),
    tasks,
    checks: checks.some((check) => "shrinks" in check) ? checks : [SHRINKS, ...checks],
    hooks: hooks as Record<string, string[]>,
  };
}
