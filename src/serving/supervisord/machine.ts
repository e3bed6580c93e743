import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { orNull } from "../../disk/durable.ts";
import { GreenroomError } from "../../errors.ts";
import { MACHINE } from "./places.ts";

/** Throws where the machine's supervisord wouldn't read what is written for it. */
export function assertReadsPrograms(): void {
  const text = orNull(() => readFileSync(MACHINE.config, "utf8"), "ENOENT", "EACCES");
  if (text === null) return;
  const program = join(MACHINE.programs, "greenroom-x.conf");
  if (existsSync(MACHINE.programs) && patternsOf(text).some((pattern) => fits(pattern, program))) return;
  throw new GreenroomError(
    "SUPERVISOR_REFUSED",
    `the machine's supervisord reads nothing in ${MACHINE.programs}`,
    {
      hint: `add to ${MACHINE.config}: [include] files = ${MACHINE.programs}/*.conf`,
    },
  );
}

/** Of its section [include], whose value may go on in lines that are indented. */
function patternsOf(text: string): string[] {
  const [, files = ""] = /^\[include\][^[]*?^files\s*=(.*(?:\n[ \t]+.*)*)/m.exec(text) ?? [];
  const here = dirname(MACHINE.config);
  const words = files
    .replaceAll(/(^|\s);.*/g, "")
    .split(/\s+/)
    .filter(Boolean);
  return words.map((word) => resolve(here, word.replaceAll("%(here)s", here)));
}

function fits(pattern: string, path: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === "*") return "[^/]*";
    return part === "?" ? "[^/]" : part.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`).test(path);
}
