import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runToEnd } from "../../src/processes/run.ts";
import { ROOT } from "./harness/machine.ts";
import { look } from "./harness/oracle.ts";
import { runSequence } from "./harness/program.ts";
import { copyRoot } from "./harness/scenarios.ts";
import { setUpTrials, type Trial } from "./harness/trials.ts";

const ATTACKS = {
  write: "echo x > index.html",
  append: "echo x >> index.html",
  truncate: ": > about.html",
  "truncate by size": "truncate -s 1 about.html",
  "create a file": "touch new.html",
  "create a folder": "mkdir new",
  "create below": "touch assets/new.js",
  rename: "mv index.html other.html",
  "replace by rename": 'echo x > "$TMP_OWN/page" && mv -f "$TMP_OWN/page" index.html',
  unlink: "rm -f index.html",
  "unlink below": "rm -rf assets",
  "edit in place": "sed -i s/release/hacked/ index.html",
  "write through a hard link": 'ln index.html "$TMP_OWN/link" && echo x >> "$TMP_OWN/link"',
  "open up and write": "chmod u+w index.html && echo x >> index.html",
  "open the folder and create": "chmod u+w . && touch new.html",
};

/** Owners may change modes: these are refused only to an account that doesn't own the files. */
const OWNERS = ["open up and write", "open the folder and create"] as const;
const isOwners = (name: string) => OWNERS.some((one) => one === name);

describe("an app that writes into its release", () => {
  const trials = setUpTrials();
  let trial: Trial;

  beforeAll(async () => {
    trial = await trials.prepare("switch");
    // Other accounts must get at it.
    chmodSync(dirname(trial.dir), 0o755);
  });

  const accounts = ROOT ? [null, "nobody"] : [null];
  const cases = accounts.flatMap((user) =>
    Object.keys(ATTACKS)
      .filter((name) => user !== null || !isOwners(name))
      .map((name) => ({ name: name as keyof typeof ATTACKS, user })),
  );

  test.for(cases)("is refused to $name as $user, and nothing else changes", async ({ name, user }) => {
    const end = await attack(ATTACKS[name], user, "drop");
    expect(end.code).not.toBe(0);
    expect(end.faults).toEqual([]);
    expect(end.verified).toBe(0);
  });

  test.skipIf(!ROOT)(
    "negative control: one that keeps root's capabilities does harm (else skipped: needs root)",
    async () => {
      for (const name of ["write", "truncate", "create a file", "rename", "unlink"] as const) {
        const end = await attack(ATTACKS[name], null, "keep");
        expect(end.code).toBe(0);
        expect(end.faults).not.toEqual([]);
      }
    },
  );

  let attacks = 0;

  async function attack(line: string, user: string | null, privileges: "drop" | "keep") {
    attacks += 1;
    const { scenario, programs, dir } = trial;
    const root = join(dir, `attack-${attacks}`);
    const own = join(dir, `own-${attacks}`);
    mkdirSync(own);
    chmodSync(own, 0o777);
    await copyRoot(scenario.where.root, root);
    const cwd = join(root, "sites/shop/production/current");
    const env = { TMP_OWN: own };
    const end = await runToEnd(line, { cwd, env, user, privileges, timeout: 10_000, log: null });
    const { faults } = look(root);
    const { answers } = await runSequence(programs, [["verify", "--dry-run"]], { ...scenario.where, root });
    return { code: end.code, faults, verified: answers[0]?.exit };
  }
});
