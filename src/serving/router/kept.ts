import { isHashed } from "../../environment/assets.ts";
import { at } from "../../environment/site.ts";
import { fileHeaders } from "../file-headers.ts";
import { openFile } from "./open-file.ts";
import type { Release } from "./releases.ts";
import { describeFile, type StaticFile } from "./static-file.ts";

/** A hashed file of another release: a visitor who has loaded a page before a switch still gets what belongs to it. */
export async function findKept({ site, spec }: Release, path: string): Promise<StaticFile | null> {
  if (!isHashed(path)) return null;
  const place = `${at.asset(site)}${path}`;
  const open = await openFile(place);
  return open && { ...describeFile(path, place, open.stats, fileHeaders(spec.serve)), handle: open.handle };
}
