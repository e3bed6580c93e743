import { createHash } from "node:crypto";
import { existsSync, linkSync, rmSync, statSync } from "node:fs";
import { syncFileSystem } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { openIntake } from "./intake.ts";
import { openKeeper } from "./keeper.ts";
import type { Entry, FileEntry, Manifest } from "./manifest.ts";
import { addPart } from "./parts.ts";
import { addRelease, objectName, objectPath, readHead, type Store } from "./store.ts";

/** One file for each content that the store lacks of a release; `known` entries are of one that it has. */
export function lackingContents(
  store: Store,
  { entries }: Pick<Manifest, "entries">,
  known: ReadonlySet<Entry>,
): FileEntry[] {
  const seen = new Set<string>();
  return entries.filter((entry): entry is FileEntry => {
    if (entry.kind !== "file" || known.has(entry) || seen.has(objectName(entry))) return false;
    seen.add(objectName(entry));
    return !existsSync(objectPath(store, entry));
  });
}

/** Takes contents in that came from elsewhere. They get their names once they are durable, and are what they say. */
export function takeContents(store: Store, contents: { entry: FileEntry; bytes: Buffer }[]): void {
  const intake = openIntake(store);
  try {
    const keeper = openKeeper(store, intake, "delivery");
    for (const { entry, bytes } of contents) {
      assertContent(entry, bytes);
      keeper.keep({ bytes }, entry);
    }
    intake.settle();
  } catch (error) {
    intake.abandon();
    throw error;
  }
}

/** Takes in what comes next of a large content; true once all of it is there. */
export function takePart(store: Store, entry: FileEntry, at: number, bytes: Buffer): boolean {
  // Somebody else may have brought it meanwhile.
  if (existsSync(objectPath(store, entry))) return true;
  const whole = addPart(store, entry, at, bytes);
  if (whole === null) return false;
  const intake = openIntake(store);
  try {
    const keeper = openKeeper(store, intake, "delivery");
    // By another name, because a run that dies here finds the part where it was.
    linkSync(whole, keeper.spill);
    keeper.keep({ bytes: null }, entry);
    intake.settle();
  } catch (error) {
    intake.abandon();
    throw error;
  }
  rmSync(whole, { force: true });
  return true;
}

function assertContent(entry: FileEntry, bytes: Buffer): void {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 === entry.sha256 && bytes.length === entry.size) return;
  throw new GreenroomError("VERIFY_FAILED", `${entry.path} came damaged over the line`, {
    hint: "give the same command again",
  });
}

/** The release is in the store once all its contents are; the store's own times count, where it had a content before. */
export function recordDelivered(store: Store, manifest: Manifest, known: Set<Entry>): void {
  if (lackingContents(store, manifest, known).length > 0) {
    throw new GreenroomError("VERIFY_FAILED", `contents of ${manifest.version} have gone missing meanwhile`, {
      hint: "give the same command again",
    });
  }
  const entries = manifest.entries.map((entry) =>
    entry.kind === "file" && !known.has(entry) ? { ...entry, mtime: timeOfObject(store, entry) } : entry,
  );
  syncFileSystem(store.dir);
  if (addRelease(store, { ...manifest, entries })) return;
  if (readHead(store, manifest.project, manifest.version)?.digest === manifest.digest) return;
  throw new GreenroomError(
    "VERSION_EXISTS",
    `${manifest.project} ${manifest.version} exists with other content`,
    {
      hint: "choose another name with --version, or leave it out",
    },
  );
}

function timeOfObject(store: Store, entry: FileEntry): number {
  return Math.floor(statSync(objectPath(store, entry)).mtimeMs / 1000);
}
