import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openIntake } from "../../src/release/intake.ts";
import { openKeeper, settleTimes } from "../../src/release/keeper.ts";
import type { FileEntry } from "../../src/release/manifest.ts";
import { objectPath, type Store } from "../../src/release/store.ts";
import { entryOf, file, program, type Thing, temporaryStore } from "./world.ts";

function content(thing: Extract<Thing, { kind: "file" }>, mtime: number) {
  const entry = entryOf("any", thing, mtime) as FileEntry;
  const look = {
    size: entry.size,
    mtimeMs: 0,
    ctimeMs: 0,
    ino: 0,
    executable: thing.executable,
    private: false,
  };
  return [
    { sha256: entry.sha256, size: entry.size, look, bytes: Buffer.from(thing.content) },
    entry,
  ] as const;
}

const ONE = file("one") as Extract<Thing, { kind: "file" }>;
const RUN = program("one") as Extract<Thing, { kind: "file" }>;

function namesIn(store: Store): string[] {
  return readdirSync(store.objects).flatMap((folder) => readdirSync(join(store.objects, folder)));
}

describe("contents on their way into the store", () => {
  test("have no name there before all of them are settled", () => {
    const store = temporaryStore();
    const intake = openIntake(store);
    openKeeper(store, intake, "first").keep(...content(ONE, 1000));
    expect(namesIn(store)).toEqual([]);
    intake.settle();
    expect(namesIn(store)).toEqual([entryOf("any", ONE).kind === "file" && content(ONE, 0)[0].sha256]);
    expect(readdirSync(store.incoming)).toEqual([]);
  });

  test("leave nothing when they are abandoned", () => {
    const store = temporaryStore();
    const intake = openIntake(store);
    openKeeper(store, intake, "first").keep(...content(ONE, 1000));
    intake.abandon();
    expect([...namesIn(store), ...readdirSync(store.incoming)]).toEqual([]);
  });

  test("agree on one time, although two readers met the same content", () => {
    const store = temporaryStore();
    const intake = openIntake(store);
    const [first, second] = ["first", "second"].map((name) => openKeeper(store, intake, name));
    const entries = [
      first!.keep(...content(ONE, 1000)),
      second!.keep(...content(ONE, 2000)),
      second!.keep(...content(ONE, 3000)),
      second!.keep(...content(RUN, 4000)),
      first!.keep(...content(RUN, 5000)),
    ];
    settleTimes(
      intake,
      entries.map((entry) => ({ entry })),
    );
    intake.settle();
    expect(entries.map(({ mtime }) => mtime)).toEqual([1000, 1000, 1000, 4000, 4000]);
    expect(lstatSync(objectPath(store, entries[0]!)).mtimeMs).toBe(1_000_000);
    expect(lstatSync(objectPath(store, entries[4]!)).mtimeMs).toBe(4_000_000);
  });

  test("replace an object that something had cut short", () => {
    const store = temporaryStore();
    const path = objectPath(store, content(ONE, 0)[1]);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, "on");
    const intake = openIntake(store);
    openKeeper(store, intake, "first").keep(...content(ONE, 1000));
    intake.settle();
    expect(readFileSync(path, "utf8")).toBe("one");
  });

  test("take the place of what a dead run left, not of what a living one is at", () => {
    const store = temporaryStore();
    const dead = 2 ** 22 + 1;
    for (const pid of [dead, process.pid])
      mkdirSync(join(store.incoming, `${pid}-x`, "aa"), { recursive: true });
    mkdirSync(join(store.incoming, "nonsense"));
    const intake = openIntake(store);
    expect(readdirSync(store.incoming)).toContain(`${process.pid}-x`);
    expect(readdirSync(store.incoming)).toHaveLength(2);
    intake.abandon();
  });
});
