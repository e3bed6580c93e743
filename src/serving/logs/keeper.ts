import { setTimeout as pause } from "node:timers/promises";
import { translateErrno } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Keeping } from "../keeping.ts";
import { createRotation, type Rotation } from "./rotation.ts";
import { writersOf } from "./writers.ts";

const LOOK = 3000;

/** Logs that other programs write are moved aside when they are full, until the signal. */
export async function keepLogs({ root, machine, emit, signal }: Keeping): Promise<void> {
  const rotations = writersOf(root, machine).map((writer) => createRotation(root, writer, machine.logs));
  await Promise.all(rotations.map((rotation) => keep(rotation, emit, signal)));
}

async function keep(rotation: Rotation, emit: Emit, signal: AbortSignal): Promise<void> {
  let told = "";
  while (!signal.aborted) {
    const trouble = await rotation.round().catch((error: unknown) => wordsOf(error));
    // Said once, not every few seconds.
    if (trouble && trouble !== told) emit({ event: "warning", text: trouble });
    told = trouble ?? "";
    await pause(LOOK, null, { signal }).catch(() => {});
  }
}

function wordsOf(error: unknown): string {
  return `logs aren't rotated: ${(translateErrno(error) as Error).message}`;
}
