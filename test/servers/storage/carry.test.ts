import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createApp } from "../../../src/app.ts";
import type { EnvironmentSpec } from "../../../src/environment/spec.ts";
import { findAccount } from "../../../src/processes/account.ts";
import { connect } from "../../../src/servers/remote.ts";
import type { Server } from "../../../src/servers/server.ts";
import { type Carried, carry } from "../../../src/servers/storage/carry.ts";
import { hasRsync } from "../../../src/servers/storage/rooms.ts";
import { specOf } from "../../environment/world.ts";
import { hasSshd, startHosts } from "../../hosts.ts";
import { temporaryFolder } from "../../release/world.ts";
import { builtBundle } from "../world.ts";

afterEach(() => vi.unstubAllEnvs());

type Way = "on this machine" | "by rsync" | "by the program's own stream";

/** Storage of an environment, and a folder of the user's. */
async function makeWorld(way: Way, more: Partial<EnvironmentSpec> = {}) {
  const spec = specOf({ storage: ["uploads", "data.db"], ...more });
  const directory = join(temporaryFolder(), "here");
  let [root, server]: [string, Server | null] = [join(temporaryFolder(), "root"), null];
  if (way !== "on this machine") {
    const hosts = await startHosts(1);
    server = hosts.servers[0]!;
    root = server.root;
    vi.stubEnv("GREENROOM_SSH_CONFIG", hosts.config);
    if (way === "by the program's own stream") vi.stubEnv("PATH", withoutRsync());
  }
  const storage = join(root, "sites/shop/production/storage");
  mkdirSync(join(storage, "uploads"), { recursive: true });
  mkdirSync(directory);
  const emit = () => {};
  const local = () => createApp({ root, project: undefined, emit, version: "0.1.0" }).host("local");
  const act = async (
    verb: "pull" | "push",
    path: string,
    extra: { deletes?: boolean; dryRun?: boolean } = {},
  ) => {
    const host = server
      ? await connect(server, { bundle: builtBundle(), by: "me@here", emit })
      : await local();
    try {
      const flags = { deletes: false, dryRun: false, ...extra };
      return await carry({ host, server, spec, path, directory, way: verb, emit, ...flags });
    } finally {
      await host.close();
    }
  };
  return { storage, directory, act, outside: temporaryFolder() };
}

/** A PATH that leads to ssh, and to no rsync. */
function withoutRsync(): string {
  const folder = temporaryFolder();
  for (const program of ["ssh", "sync", "getent"])
    symlinkSync(join("/usr/bin", program), join(folder, program));
  return folder;
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

function read(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8")]));
}

const namesOf = ({ sent }: Carried) => sent.map(({ path }) => path).sort();

const STRANGE = {
  "a b.txt": "space",
  "-rf": "dash",
  "new\nline": "line",
  "$(touch pwned)": "shell",
  "umlaut ä/'quoted' \"twice\"": "quotes",
  "deep/er/file": "deep",
  empty: "",
};

const WAYS: Way[] = ["on this machine", "by rsync", "by the program's own stream"];
const skipped = (way: Way) =>
  way === "on this machine" ? false : !hasSshd || (way === "by rsync" && !hasRsync());

describe.each(WAYS)(
  "storage is carried %s (else skipped: needs sshd and rsync)",
  { timeout: 60_000 },
  (way) => {
    test.skipIf(skipped(way))(
      "there and back, whatever its names are, and what is the same isn't sent again",
      async () => {
        const world = await makeWorld(way);
        const uploads = join(world.storage, "uploads");
        write(uploads, { ...STRANGE, big: "x".repeat(5_000_000) });
        const pulled = await world.act("pull", "uploads");
        expect(pulled.by).toBe(way === "by rsync" ? "rsync" : "stream");
        expect(read(world.directory)).toEqual(read(uploads));
        expect(namesOf(await world.act("pull", "uploads"))).toEqual([]);
        write(world.directory, { "a b.txt": "changed here", "new/one": "new" });
        write(uploads, { "only there": "stays" });
        const planned = await world.act("push", "uploads", { dryRun: true });
        expect(namesOf(planned)).toEqual(["a b.txt", "new/one"]);
        expect(existsSync(join(uploads, "new"))).toBe(false);
        expect(namesOf(await world.act("push", "uploads"))).toEqual(["a b.txt", "new/one"]);
        expect(read(uploads)).toEqual({ ...read(world.directory), "only there": "stays" });
        const cleaned = await world.act("push", "uploads", { deletes: true });
        expect([cleaned.removed, read(uploads)]).toEqual([["only there"], read(world.directory)]);
      },
    );

    test.skipIf(skipped(way))(
      "nothing outside of it is read or written through symlinks, on either side",
      async () => {
        const world = await makeWorld(way);
        const uploads = join(world.storage, "uploads");
        write(world.outside, { secret: "secret", "folder/more": "secret" });
        write(uploads, { plain: "plain" });
        symlinkSync(join(world.outside, "secret"), join(uploads, "link"));
        symlinkSync(join(world.outside, "folder"), join(uploads, "tree"));
        symlinkSync("plain", join(uploads, "inner"));
        // Whoever follows them gets there.
        expect(readFileSync(join(uploads, "link"), "utf8")).toBe("secret");
        const pulled = await world.act("pull", "uploads");
        expect(read(world.directory)).toEqual({ plain: "plain" });
        expect(pulled.skipped.sort()).toEqual(["inner", "link", "tree"]);
        write(world.directory, { link: "mine", "tree/more": "mine" });
        const taken = { code: "PLACE_TAKEN", message: expect.stringContaining('"link", "tree"') };
        await expect(world.act("push", "uploads")).rejects.toMatchObject(taken);
        await expect(world.act("push", "uploads", { dryRun: true })).rejects.toMatchObject(taken);
        expect(read(uploads)).toEqual({ plain: "plain" });
        for (const name of ["link", "tree"]) rmSync(join(world.directory, name), { recursive: true });
        symlinkSync(world.outside, join(world.directory, "out"));
        write(uploads, { "out/secret": "written" });
        await expect(world.act("pull", "uploads")).rejects.toMatchObject({ code: "PLACE_TAKEN" });
        expect(read(world.outside)).toEqual({ secret: "secret", "folder/more": "secret" });
      },
    );

    test.skipIf(skipped(way))(
      "symlinks stay where they are, also where the rest is removed; what a dead transfer left goes",
      async () => {
        const world = await makeWorld(way);
        const uploads = join(world.storage, "uploads");
        const links = ["link", "folder/li*nk", "a\\b", "[x]", "new\nline"];
        write(uploads, { old: "old", "folder/old": "old", "li-nk": "old", "gone/old": "old" });
        write(world.directory, { new: "new" });
        for (const link of links) symlinkSync(world.outside, join(uploads, link));
        const leftovers = [".greenroom-0123456789ab", "folder/.greenroom-ba9876543210"];
        const others = [".greenroom-ffffffffffff", ".greenroom-notes"];
        for (const file of [...leftovers, ...others]) write(uploads, { [file]: "x" });
        for (const file of [...leftovers, others[1]!]) utimesSync(join(uploads, file), 1000, 1000);
        const { removed } = await world.act("push", "uploads", { deletes: true });
        expect(removed.map((path) => path.replace(/\/$/, "")).sort()).toEqual([
          "folder/old",
          "gone",
          "gone/old",
          "li-nk",
          "old",
        ]);
        for (const link of links) expect(readlinkSync(join(uploads, link))).toBe(world.outside);
        expect(Object.keys(read(uploads)).sort()).toEqual([others[0], others[1], "new"]);
      },
    );

    test.skipIf(skipped(way))(
      "a folder doesn't take the place of a file, or a file that of a folder, also where the rest is removed",
      async () => {
        const world = await makeWorld(way);
        const uploads = join(world.storage, "uploads");
        const there = { "file here": "kept", "folder here/kept": "kept", other: "kept" };
        write(uploads, there);
        for (const file of ["file here/new", "folder here"]) {
          write(world.directory, { [file]: "new" });
          for (const deletes of [false, true]) {
            const refused = { code: "PLACE_TAKEN", message: expect.stringContaining(file.split("/")[0]!) };
            await expect(world.act("push", "uploads", { deletes })).rejects.toMatchObject(refused);
            await expect(world.act("pull", "uploads", { deletes })).rejects.toMatchObject(refused);
          }
          rmSync(join(world.directory, file.split("/")[0]!), { recursive: true });
        }
        expect([read(uploads), read(world.directory)]).toEqual([there, {}]);
      },
    );

    test.skipIf(skipped(way))("an empty folder gives way to a file", async () => {
      const world = await makeWorld(way);
      mkdirSync(join(world.storage, "uploads/name"));
      write(world.directory, { name: "new" });
      await world.act("push", "uploads");
      expect(read(join(world.storage, "uploads"))).toEqual({ name: "new" });
    });

    test.skipIf(skipped(way) || process.getuid?.() !== 0)(
      "is the account's whose files these are, whatever greenroom.json says by now (else skipped: needs root)",
      async () => {
        const world = await makeWorld(way, { serve: { kind: "static", public: "." } });
        const uploads = join(world.storage, "uploads");
        const { uid, gid } = findAccount("nobody")!;
        for (let dir = world.storage; dir !== tmpdir(); dir = dirname(dir)) chmodSync(dir, 0o755);
        chmodSync(world.directory, 0o755);
        chownSync(uploads, uid, gid);
        write(world.directory, { "a/new": "new" });
        await world.act("push", "uploads");
        for (const path of ["a", "a/new"]) expect(statSync(join(uploads, path)).uid).toBe(uid);
      },
    );

    test.skipIf(skipped(way) || process.getuid?.() !== 0)(
      "a single file is the account's too, and takes another's place whole (else skipped: needs root)",
      async () => {
        const world = await makeWorld(way);
        const { uid, gid } = findAccount("nobody")!;
        for (let dir = world.storage; dir !== tmpdir(); dir = dirname(dir)) chmodSync(dir, 0o755);
        write(world.storage, { "data.db": "old" });
        chownSync(join(world.storage, "data.db"), uid, gid);
        chmodSync(join(world.storage, "data.db"), 0o640);
        rmSync(world.directory, { recursive: true });
        writeFileSync(world.directory, "newer");
        await world.act("push", "data.db");
        expect(readFileSync(join(world.storage, "data.db"), "utf8")).toBe("newer");
        expect(statSync(join(world.storage, "data.db"))).toMatchObject({ uid, gid, mode: 0o100640 });
        expect(readdirSync(world.storage).sort()).toEqual(["data.db", "uploads"]);
      },
    );

    test.skipIf(skipped(way))("a room that is a symlink itself, or no storage, is refused", async () => {
      const world = await makeWorld(way);
      symlinkSync(world.outside, join(world.storage, "uploads", "link"));
      write(world.outside, { kept: "kept" });
      write(world.directory, { new: "new" });
      for (const path of ["uploads/link", "uploads/link/deeper"]) {
        await expect(world.act("pull", path)).rejects.toMatchObject({ code: "PLACE_TAKEN" });
        await expect(world.act("push", path)).rejects.toMatchObject({ code: "PLACE_TAKEN" });
      }
      expect(readlinkSync(join(world.storage, "uploads", "link"))).toBe(world.outside);
      for (const path of ["../run", "uploads/../../run", "config", "", "uploads/", "/etc", "uploadsx"]) {
        await expect(world.act("push", path)).rejects.toMatchObject({ code: "USAGE" });
      }
      await expect(world.act("pull", "data.db")).rejects.toMatchObject({ code: "ENVIRONMENT_MISSING" });
      expect(read(world.outside)).toEqual({ kept: "kept" });
    });

    test.skipIf(skipped(way))(
      "never leaves anything for others to write, or to run as its owner",
      async () => {
        const world = await makeWorld(way);
        write(world.directory, { "folder/open": "open", private: "private" });
        chmodSync(join(world.directory, "folder"), 0o777);
        chmodSync(join(world.directory, "folder/open"), 0o4777);
        chmodSync(join(world.directory, "private"), 0o600);
        chmodSync(join(world.storage, "uploads"), 0o750);
        await world.act("push", "uploads");
        const modeOf = (path: string) => statSync(join(world.storage, "uploads", path)).mode & 0o7777;
        expect([modeOf("folder"), modeOf("folder/open"), modeOf("private")]).toEqual([0o755, 0o755, 0o600]);
        // Who may look into it isn't for the sender to say.
        expect(modeOf(".")).toBe(0o750);
      },
    );

    test.skipIf(skipped(way))("a file alone is carried, too", async () => {
      const world = await makeWorld(way);
      write(world.storage, { "data.db": "rows" });
      utimesSync(join(world.storage, "data.db"), 1000, 1000);
      await world.act("pull", "data.db");
      expect(read(world.directory)).toEqual({ "data.db": "rows" });
      expect(statSync(join(world.directory, "data.db")).mtimeMs).toBe(1_000_000);
    });

    const account = findAccount("www-data");
    test.skipIf(skipped(way) || process.getuid?.() !== 0 || !account)(
      "belongs to the account of the site, which can read no more than that (needs root and www-data)",
      async () => {
        const serve = {
          kind: "process",
          start: { web: "true" },
          public: null,
          health: "/",
          listen: "socket",
          startWithin: 1000,
          drain: 1000,
          user: "www-data",
        } as const;
        const world = await makeWorld(way, { serve });
        const uploads = join(world.storage, "uploads");
        for (let dir = uploads; dir !== "/tmp"; dir = dirname(dir)) chmodSync(dir, 0o755);
        chownSync(uploads, account!.uid, account!.gid);
        write(world.directory, { "folder/mine": "mine" });
        await world.act("push", "uploads");
        for (const path of ["folder", "folder/mine"]) {
          expect(lstatSync(join(uploads, path))).toMatchObject({ uid: account!.uid, gid: account!.gid });
        }
        write(uploads, { roots: "root's own" });
        chmodSync(join(uploads, "roots"), 0o600);
        await expect(world.act("pull", "uploads")).rejects.toMatchObject({
          code: expect.stringMatching(/^(IO_FAILED|EACCES)$/),
        });
        expect(read(world.directory)).toEqual({ "folder/mine": "mine" });
      },
    );
  },
);
