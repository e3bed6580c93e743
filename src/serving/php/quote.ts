import { GreenroomError } from "../../errors.ts";

/** A text as one value of PHP-FPM's configuration, which has no way to escape: only two kinds of quotes, side by side. */
export function iniValue(text: string): string {
  const parts = text.match(/'+|[^']+/g) ?? [];
  return parts.map((part) => (part.startsWith("'") ? `"${part}"` : `'${part}'`)).join("");
}

/** Throws where PHP-FPM would read something else, or not read on. */
export function assertTellable(name: string, value: string): void {
  const flaw = flawOf(value);
  if (flaw === null) return;
  throw new GreenroomError("CONFIG_INVALID", `PHP-FPM can't be given ${name}: ${flaw}`, {
    hint: "let the site read it from a file: see `config` in greenroom.json",
  });
}

function flawOf(value: string): string | null {
  // It reads its configuration line by line, and takes what follows a dollar for the name of a variable of its own.
  if (/[\n\r\0]/.test(value)) return "it has more than one line";
  return value.startsWith("$") ? "it begins with a dollar sign" : null;
}
