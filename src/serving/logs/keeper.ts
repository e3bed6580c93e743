import { setTimeout as pause } from "node:timers/promises";
import { translateErrno } from "../../errors.ts";
import type { Emit } from "../../events.ts";
import type { Machine } from "../machine.ts";
import type { Listener } from "../up.ts";
import { createRotation, type Rotation } from "./rotation.ts";
import { writersOf } from "./writers.ts";

interface Keeping {
  root: string;
  machine: Machine;
  emit: Emit;
}

/** While the listener listens, logs that other programs write are moved aside when they are full. */
export function keepLogs(listener: Listener, keeping: Keeping): Listener {
  const end = new AbortController();
  let kept: Promise<unknown> | undefined;
  return {
    async listen(where) {
      const listening = await listener.listen(where);
      const { root, machine } = keeping;
      const rotations = writersOf(root, machine).map((writer) => createRotation(root, writer, machine.logs));
      kept = Promise.all(rotations.map((rotation) => keep(rotation, keeping.emit, end.signal)));
      return listening;
    },
    async close(drain) {
      end.abort();
      await listener.close(drain);
      await kept;
    },
  };
}

const LOOK = 3000;

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
