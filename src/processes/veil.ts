import { GreenroomError } from "../errors.ts";

/**
 * The variables of a project reach its program only when that may do no more than it must. Some of them, like LD_PRELOAD,
 * decide what any program loads: that which drops our rights mustn't see them. It gets them by names that mean nothing,
 * and a shell that has no rights any more gives them their own. Values are in no argv. `wrapper` is what drops them.
 */
export function veil(wrapper: string[], argv: string[], env: Record<string, string>): Veiled {
  const names = Object.keys(env);
  for (const name of names) assertVariable(name);
  if (wrapper.length === 0 || names.length === 0) return { argv: [...wrapper, ...argv], env };
  const exports = names.map((name, i) => `${name}="$${veiled(i)}"`).join(" ");
  const script = `export ${exports}; unset ${names.map((_, i) => veiled(i)).join(" ")}; exec "$@"`;
  return {
    argv: [...wrapper, "/bin/sh", "-c", script, "greenroom", ...argv],
    env: Object.fromEntries(Object.values(env).map((value, i) => [veiled(i), value])),
  };
}

export interface Veiled {
  argv: string[];
  env: Record<string, string>;
}

/** A shell sees it. */
function assertVariable(name: string): void {
  if (/^[A-Za-z_]\w*$/.test(name)) return;
  throw new GreenroomError("CONFIG_INVALID", `${JSON.stringify(name)} is no name of a variable`);
}

function veiled(i: number): string {
  return `_GREENROOM_${i}`;
}
