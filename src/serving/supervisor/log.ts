import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../../errors.ts";

export interface Log {
  /** Resolves when the bytes are written, so that whoever waits doesn't read faster than the disk takes. Never rejects. */
  append(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** A file that is moved aside when it is full: `name.1` is the last one, `name.5` the oldest. */
export function openLog(
  path: string,
  onError: (error: Error) => void,
  { bytes = 10_000_000, kept = 5 } = {},
): Log {
  let file: { handle: FileHandle; size: number } | null = null;
  let queue: Promise<void> = Promise.resolve();

  const close = async () => {
    const { handle } = file ?? {};
    file = null;
    await handle?.close();
  };
  const write = async (chunk: Buffer) => {
    file ??= await openAtEnd(path);
    if (file.size > 0 && file.size + chunk.length > bytes) {
      await close();
      await moveAside(path, kept);
      file = await openAtEnd(path);
    }
    await file.handle.appendFile(chunk);
    file.size += chunk.length;
  };
  const next = (act: () => Promise<void>) => {
    queue = queue.then(act).catch(onError);
    return queue;
  };
  return { append: (chunk) => next(() => write(chunk)), close: () => next(close) };
}

async function openAtEnd(path: string): Promise<{ handle: FileHandle; size: number }> {
  await mkdir(dirname(path)).catch(ignore("EEXIST"));
  const handle = await open(path, "a", 0o640);
  return { handle, size: (await handle.stat()).size };
}

async function moveAside(path: string, kept: number): Promise<void> {
  for (let number = kept; number > 0; number--) {
    const from = number === 1 ? path : `${path}.${number - 1}`;
    await rename(from, `${path}.${number}`).catch(ignore("ENOENT"));
  }
}

function ignore(errno: string): (error: unknown) => void {
  return (error) => {
    if (errnoOf(error) !== errno) throw error;
  };
}
