import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import type { Machine } from "../../../src/serving/machine.ts";

export type SupervisorName = Machine["supervisor"];

const folders = (process.env.PATH ?? "").split(":");
export const hasSupervisord = folders.some((folder) => existsSync(join(folder, "supervisord")));

/** What is promised of every supervisor, tried on each. */
export function describeSupervisors(what: string, body: (supervisor: SupervisorName) => void): void {
  describe(`${what}, embedded`, () => body("embedded"));
  describe.skipIf(!hasSupervisord)(`${what}, supervisord (else skipped: needs supervisord)`, () =>
    body("supervisord"),
  );
}
