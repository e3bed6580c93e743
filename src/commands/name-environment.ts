import type { App } from "../app.ts";
import { GreenroomError, translateErrno } from "../errors.ts";

/** Commands in the hint of an error get the name of the environment that this is about, where there are several. */
export function nameEnvironment(thrown: unknown, app: App, words: string[]): unknown {
  const error = translateErrno(thrown);
  if (!(error instanceof GreenroomError) || error.hint === undefined) return thrown;
  const name = severalOf(app).find((one) => words.includes(one));
  const hint = name === undefined ? error.hint : nameIn(error.hint, name);
  if (hint === error.hint) return thrown;
  const { code, message, detail } = error;
  return new GreenroomError(code, message, { hint, detail, cause: thrown });
}

/** The project's environments, where it has more than one, and so each must be named. */
export function severalOf(app: App): string[] {
  try {
    const names = Object.keys(app.project().file.environments);
    return names.length > 1 ? names : [];
  } catch {
    return [];
  }
}

export function nameIn(hint: string, environment: string): string {
  return hint.replace(NAMELESS, `$& ${environment}`);
}

const NAMELESS = /\bgreenroom (releases|verify|prune|log|check|switch|rollback)(?=[,;]|$)/g;
