import { expect } from "vitest";
import { makeWorld, type World } from "../world.ts";
import { findProgram, freePort } from "./by-hand.ts";

export const LONG = process.env.GREENROOM_FAULTS === "long";

export const HOST = "load.localhost";

export function areThere(...programs: string[]): boolean {
  return programs.every((program) => findProgram(program) !== null);
}

/** A root that nginx serves, with one release live and the other rehearsed, both up. */
export async function makeLoadWorld(
  project: object,
  files: (release: string) => Record<string, string>,
): Promise<World & { port: number }> {
  const environments = { production: { domain: HOST } };
  const world = makeWorld({ "greenroom.json": { project: "load", environments, ...project } });
  const listen = `127.0.0.1:${await freePort()}`;
  const words = ["--yes", "--router", "nginx", "--listen", listen, "--unprivileged"];
  expect(await world.greenroom("setup", ...words)).toMatchObject({ exit: 0 });
  const { port } = await world.up();
  for (const release of ["one", "two"]) {
    world.write(files(release));
    expect(await world.greenroom("deploy", "--version", release)).toMatchObject({ exit: 0 });
  }
  return { ...world, port };
}

export const STAMPED = (release: string) => `release ${release}\n`.repeat(400);
