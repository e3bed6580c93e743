import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sweepObjects } from "../../../src/environment/prune-store.ts";
import type { Event } from "../../../src/events.ts";
import type { FileEntry } from "../../../src/release/manifest.ts";
import { objectPath, openStore, type Store } from "../../../src/release/store.ts";
import { type Ask, deliver } from "../../../src/servers/releases/deliver.ts";
import { createDeliveries } from "../../../src/servers/releases/deliveries.ts";
import { temporaryFolder } from "../../release/world.ts";
import { makeRelease } from "../world.ts";

const SIZE = 30_000_000;
const PIECES = 4;

function makeWorld() {
  const source = temporaryFolder();
  writeFileSync(join(source, "film.mp4"), randomBytes(SIZE), { mode: 0o755 });
  writeFileSync(join(source, "page.html"), "page");
  const [mine, theirs] = [openStore(temporaryFolder()), openStore(temporaryFolder())];
  const manifest = makeRelease(mine, source, "1");
  const film = manifest.entries.find(({ path }) => path === "film.mp4") as FileEntry;
  return { source, mine, theirs, manifest, film };
}

/** A line to a store, which is cut before that many pieces have gone over. */
function lineTo(store: Store, pieces = Number.POSITIVE_INFINITY, harm = (body: Buffer) => body) {
  const deliveries = createDeliveries(store);
  const seen = { pieces: 0, bytes: 0 };
  const ask: Ask = async (head, body = Buffer.alloc(0)) => {
    const { call, ...rest } = head as { call: keyof typeof deliveries };
    if (call === "part" || call === "put") {
      if (seen.pieces++ >= pieces) throw new Error("the line was cut");
      seen.bytes += body.length;
    }
    return (deliveries[call] as (request: object, body: Buffer) => object)(rest, harm(body));
  };
  return { ask, seen };
}

describe("a content that is larger than a piece", () => {
  test("goes over in pieces, and is what it was", async () => {
    const { mine, theirs, manifest, film } = makeWorld();
    const { ask, seen } = lineTo(theirs);
    const events: Event[] = [];
    await deliver(ask, mine, manifest, (event) => events.push(event));
    expect(seen.pieces).toBe(PIECES + 1);
    expect(readFileSync(objectPath(theirs, film)).equals(readFileSync(objectPath(mine, film)))).toBe(true);
    expect(events.at(-1)).toMatchObject({ done: SIZE + 4, total: SIZE + 4, unit: "bytes" });
    expect(readdirSync(theirs.parts)).toEqual([]);
    expect(readdirSync(theirs.incoming)).toEqual([]);
  });

  test.each([0, 1, 2, 3, 4])("goes on where the line was cut after %i pieces", async (pieces) => {
    const { mine, theirs, manifest, film } = makeWorld();
    await expect(deliver(lineTo(theirs, pieces).ask, mine, manifest, () => {})).rejects.toThrow("cut");
    expect(existsSync(objectPath(theirs, film))).toBe(pieces >= PIECES);
    const { ask, seen } = lineTo(theirs);
    await deliver(ask, mine, manifest, () => {});
    expect(seen.pieces).toBe(PIECES + 1 - pieces);
    expect(readFileSync(objectPath(theirs, film)).equals(readFileSync(objectPath(mine, film)))).toBe(true);
  });

  test("never gets its name damaged: it begins anew", async () => {
    const { mine, theirs, manifest, film } = makeWorld();
    await expect(deliver(lineTo(theirs, 2).ask, mine, manifest, () => {})).rejects.toThrow("cut");
    writeFileSync(join(theirs.parts, readdirSync(theirs.parts)[0]!), "harm", { flag: "r+" });
    await expect(deliver(lineTo(theirs).ask, mine, manifest, () => {})).rejects.toThrow("damaged");
    expect(existsSync(objectPath(theirs, film))).toBe(false);
    expect(readdirSync(theirs.parts)).toEqual([]);
    const { ask, seen } = lineTo(theirs);
    await deliver(ask, mine, manifest, () => {});
    expect(seen.pieces).toBeGreaterThanOrEqual(PIECES);
  });

  test("gets its name where all of it had come before the other side died", async () => {
    const { mine, theirs, manifest, film } = makeWorld();
    await expect(deliver(lineTo(theirs, 1).ask, mine, manifest, () => {})).rejects.toThrow("cut");
    writeFileSync(join(theirs.parts, readdirSync(theirs.parts)[0]!), readFileSync(objectPath(mine, film)));
    await deliver(lineTo(theirs).ask, mine, manifest, () => {});
    expect(readFileSync(objectPath(theirs, film)).equals(readFileSync(objectPath(mine, film)))).toBe(true);
  });

  test("takes no bytes where none before them came, or beyond its end", async () => {
    const { mine, theirs, manifest } = makeWorld();
    await expect(deliver(lineTo(theirs, 1).ask, mine, manifest, () => {})).rejects.toThrow("cut");
    const { ask } = lineTo(theirs);
    const skip: Ask = (head, body) =>
      ask("at" in head ? { ...head, at: (head.at as number) + 1 } : head, body);
    await expect(deliver(skip, mine, manifest, () => {})).rejects.toThrow("no place");
  });

  test("is forgotten after a week in which nobody went on with it, by prune", async () => {
    const { mine, theirs, manifest } = makeWorld();
    await expect(deliver(lineTo(theirs, 1).ask, mine, manifest, () => {})).rejects.toThrow("cut");
    const [name] = readdirSync(theirs.parts);
    sweepObjects(theirs);
    expect(readdirSync(theirs.parts)).toEqual([name]);
    const past = Date.now() / 1000 - 8 * 24 * 3600;
    utimesSync(join(theirs.parts, name!), past, past);
    sweepObjects(theirs);
    expect(readdirSync(theirs.parts)).toEqual([]);
  });

  test("that this machine's store has lost is said, and nothing is made of it there", async () => {
    const { mine, theirs, manifest, film } = makeWorld();
    truncateSync(objectPath(mine, film), 5);
    await expect(deliver(lineTo(theirs).ask, mine, manifest, () => {})).rejects.toThrow(
      /film.mp4 is damaged/,
    );
  });
});
