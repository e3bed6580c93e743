export interface Running {
  /** Resolves when nothing of it runs any more. Never rejects. */
  end(): Promise<void>;
}

export interface Slot<T> {
  /** What should run here; the last word counts. */
  set(wanted: T | null): void;
  /** Resolves when what runs is what was set. */
  settled(): Promise<void>;
}

/** A place where one thing runs at a time: the next starts when the one before has ended. */
export function createSlot<T extends { key: string }>(start: (wanted: T) => Running): Slot<T> {
  let wanted: T | null = null;
  let current: { key: string; running: Running } | null = null;
  let busy = false;
  let turned: Promise<void> = Promise.resolve();

  const turn = async () => {
    busy = true;
    while (wanted?.key !== current?.key) {
      await current?.running.end();
      current = wanted && { key: wanted.key, running: start(wanted) };
    }
    busy = false;
  };
  return {
    set(next) {
      wanted = next;
      if (!busy) turned = turn();
    },
    settled: () => turned,
  };
}
