import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findAccount } from "../../../src/processes/account.ts";
import { writersOf } from "../../../src/serving/logs/writers.ts";
import { temporaryFolder, until } from "../../processes/program.ts";
import { hasNginx, isRoot, lines, MACHINE, startSite } from "./world.ts";

const nobody = findAccount("nobody")!;

/** What an app's user would like root to open. */
function makeVictim() {
  const path = join(temporaryFolder(), "shadow");
  writeFileSync(path, "secret", { mode: 0o600 });
  return { path, look: () => ({ ...pick(path), text: readFileSync(path, "utf8") }) };
}

function pick(path: string) {
  const { uid, gid, mode, ino } = statSync(path);
  return { uid, gid, mode, ino };
}

describe.skipIf(!hasNginx || !isRoot)(
  "a root's rotation (else skipped: needs nginx and root)",
  {
    timeout: 60_000,
  },
  () => {
    test("opens and renames nothing in a folder where others can write", async () => {
      const site = await startSite();
      const rotation = site.rotation();
      await site.visit(10);
      const victim = makeVictim();
      const before = victim.look();
      chownSync(site.folder, nobody.uid, nobody.gid);
      renameSync(site.log, `${site.log}.mine`);
      symlinkSync(victim.path, site.log);
      expect(await rotation.round()).toContain(`others can write in ${site.folder}`);
      expect(victim.look()).toEqual(before);
      expect(lstatSync(site.log).isSymbolicLink()).toBe(true);
      // So it is when nginx is told without such a look.
      process.kill(site.pid, "SIGUSR1");
      await until("nginx has given it away", () => victim.look().uid !== before.uid);
    });

    test("does neither where the folder was open once, and what was put there is left", async () => {
      const site = await startSite();
      const rotation = site.rotation();
      await site.visit(10);
      const victim = makeVictim();
      const before = victim.look();
      for (const put of [symlinkSync, linkSync]) {
        rmSync(site.log);
        put(victim.path, site.log);
        if (put === symlinkSync) lchownSync(site.log, nobody.uid, nobody.gid);
        expect(await rotation.round()).toContain(`${site.log} is a link`);
        expect(victim.look()).toEqual(before);
      }
      rmSync(site.log);
      expect(await rotation.round()).toBe(null);
      await site.visit(1);
      expect(lines(site.log)).toBe(1);
      expect(victim.look()).toEqual(before);
    });

    test("lets nginx's workers in where only the group may enter, and says so where it can't", async () => {
      const site = await startSite();
      await site.visit(10);
      chownSync(site.folder, 0, nobody.gid);
      const rotation = site.rotation();
      expect(await rotation.round()).toContain(`nginx still writes ${site.log}.1`);
      await site.visit(10);
      // What its workers still write stays where it is.
      expect(await rotation.round()).toContain("nginx still writes");
      expect(lines(`${site.log}.1`)).toBe(20);
      chownSync(site.folder, 0, 0);
      expect(await rotation.round()).toBe(null);
      await site.visit(1);
      expect([lines(`${site.log}.1`), lines(site.log)]).toEqual([20, 1]);
      expect(statSync(site.folder).mode & 0o777).toBe(0o750);
    });

    test("signals nobody who has just got nginx's old number", async () => {
      const site = await startSite();
      await site.close();
      const other = spawn("sleep", ["60"]);
      onTestFinished(() => void other.kill("SIGKILL"));
      writeFileSync(join(site.root, "nginx/nginx.pid"), `${other.pid}\n`);
      chmodSync(site.folder, 0o750);
      expect(writersOf(site.root, MACHINE(1000, 5))[0]!.pid()).toBe(null);
      expect(await site.rotation().round()).toBe(null);
      expect(other.signalCode).toBe(null);
      // It would have been its end.
      other.kill("SIGUSR1");
      await once(other, "exit");
    });
  },
);
