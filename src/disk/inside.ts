import { closeSync, constants, existsSync, lstatSync, openSync } from "node:fs";
import { errnoOf, GreenroomError } from "../errors.ts";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Acts on a name below a folder without following any symlink on the way, whoever may put one there meanwhile. `act`
 * gets a path whose last part alone is still to be looked at.
 */
export function inside<T>(base: string, path: string, act: (place: string) => T): T {
  const parts = path.split("/");
  if (path.includes("\0") || parts.some((part) => ["", ".", ".."].includes(part))) {
    throw new GreenroomError("CALL_REFUSED", `${JSON.stringify(path)} is no path below a folder`);
  }
  const name = parts.pop()!;
  const fd = descend(base, parts);
  try {
    return act(`${placeOf(fd, [base, ...parts].join("/"))}/${name}`);
  } finally {
    closeSync(fd);
  }
}

function descend(base: string, parts: string[]): number {
  let fd = openSync(base, constants.O_RDONLY | constants.O_DIRECTORY);
  let path = base;
  for (const part of parts) {
    const above = fd;
    try {
      fd = openFolder(`${placeOf(above, path)}/${part}`, part);
    } finally {
      closeSync(above);
    }
    path = `${path}/${part}`;
  }
  return fd;
}

export function openFolder(place: string, name: string): number {
  try {
    return openSync(place, FOLDER);
  } catch (error) {
    const isLink = errnoOf(error) !== "ENOENT" && isSymlink(place);
    throw isLink ? symlinkError(name) : error;
  }
}

export function symlinkError(name: string): GreenroomError {
  return new GreenroomError("PLACE_TAKEN", `${JSON.stringify(name)} is a symlink, and none is followed`, {
    hint: "to have it on another disk, mount that in its place",
  });
}

function isSymlink(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

const HAS_PROC = existsSync("/proc/self/fd");

// Node has no openat(), but Linux resolves this to the folder that is open, whatever it is called by now.
export function placeOf(fd: number, path: string): string {
  return HAS_PROC ? `/proc/self/fd/${fd}` : path;
}
