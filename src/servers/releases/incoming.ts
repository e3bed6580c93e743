import { inflateRawSync } from "node:zlib";
import { z } from "zod";
import { GreenroomError } from "../../errors.ts";
import { isName } from "../../names.ts";
import { digestOf } from "../../release/columns.ts";
import { applyDelta, type Delta } from "../../release/delta.ts";
import type { Entry, FileEntry, Manifest, ManifestHead } from "../../release/manifest.ts";
import { staysInside } from "../../release/walk.ts";
import { parse } from "../calls.ts";

const name = z.string().refine(isName);

const headSchema = z.strictObject({
  format: z.literal(1),
  project: name,
  version: name,
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.int().nonnegative(),
  bytes: z.number().nonnegative(),
  created: z.iso.datetime(),
  source: z.strictObject({
    from: z.string().max(4096),
    commit: z.string().max(200).nullable(),
    mergedOnto: name.nullable(),
  }),
}) satisfies z.ZodType<ManifestHead>;

const deltaSchema = z.strictObject({
  removed: z.array(z.string()),
  added: z.strictObject({
    paths: z.string(),
    kinds: z.string().refine((all) => !/[^fxld]/.test(all)),
    // Of a hundred thousand files: a pattern that repeats a group runs out of stack.
    sha256: z.string().refine((all) => all.length % 64 === 0 && !/[^0-9a-f]/.test(all)),
    sizes: z.array(z.int().nonnegative()),
    mtimes: z.array(z.int()),
    targets: z.array(z.string()),
  }),
}) satisfies z.ZodType<Delta>;

export function parseHead(value: unknown): ManifestHead {
  return parse(headSchema, value);
}

/** A release that came over a line as the difference to one that is here, looked at again, whoever has made it. */
export function parseManifest(head: ManifestHead, before: Entry[], body: Buffer): Manifest {
  const delta = parse(deltaSchema, JSON.parse(unpack(body).toString("utf8")));
  const entries = applyDelta(before, delta);
  assertEntries(entries, new Set(before));
  if (digestOf(entries) !== head.digest) throw damaged(head.version);
  return { ...head, entries };
}

/** The contents of some of its files, which came one after the other. */
export function parseContents(manifest: Manifest, indexes: unknown, body: Buffer) {
  const bytes = unpack(body);
  let at = 0;
  return parse(z.array(index), indexes).map((content): { entry: FileEntry; bytes: Buffer } => {
    const entry = fileAt(manifest, content);
    at += entry.size;
    return { entry, bytes: bytes.subarray(at - entry.size, at) };
  });
}

/** What comes next of a large one. */
export function parsePart(
  manifest: Manifest,
  { content, at }: Record<"content" | "at", unknown>,
  body: Buffer,
) {
  return { entry: fileAt(manifest, parse(index, content)), at: parse(index, at), bytes: unpack(body) };
}

const index = z.int().nonnegative();

function fileAt({ version, entries }: Manifest, content: number): FileEntry {
  const entry = entries[content];
  if (entry?.kind === "file") return entry;
  throw damaged(version);
}

/** No release unpacks to as much. */
const UNPACKED = { maxOutputLength: 256 * 1024 * 1024 };

function unpack(body: Buffer): Buffer {
  return inflateRawSync(body, UNPACKED);
}

/** What becomes a path on this machine. */
function assertEntries(entries: Entry[], known: ReadonlySet<Entry>): void {
  const paths = new Set<string>();
  for (const entry of entries) {
    if (known.has(entry)) continue;
    const { path } = entry;
    const parts = path.split("/");
    const isFit = !path.includes("\0") && parts.every((part) => !["", ".", ".."].includes(part));
    const stays = entry.kind !== "link" || staysInside(path, entry.target);
    if (!isFit || !stays || paths.has(path))
      throw new GreenroomError("CALL_REFUSED", `a release holds no ${JSON.stringify(path)}`);
    paths.add(path);
  }
}

function damaged(version: string): GreenroomError {
  return new GreenroomError("VERIFY_FAILED", `${version} came damaged over the line`, {
    hint: "give the same command again",
  });
}
