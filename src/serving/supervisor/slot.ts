export interface Running {
  /** Resolves when nothing of it runs any more. Never rejects. */
  end(): Promise<void>;
  /** Resolves when nobody of ours looks after it any more; it goes on where it can. Never rejects. */
  leave(): Promise<void>;
}

export interface Slot<T> {
  /** What should run here; the last word counts. */
  set(wanted: T | null): void;
  /** Resolves when what runs is what was set. */
  settled(): Promise<void>;
  /** Lets what runs go on unwatched, and starts nothing more. */
  leave(): Promise<void>;
}

/** A place where one thing runs at a time: the next starts when the one before has ended. */
export function createSlot<T extends { key: string }>(start: (wanted: T) => Running): Slot<T> {
  let wanted: T | null = null;
  let current: { key: string; running: Running } | null = null;
  let busy = false;
  let left = false;
  let turned: Promise<void> = Promise.resolve();

  const turn = async () => {
    busy = true;
    while (!left && wanted?.key !== current?.key) {
      await current?.running.end();
      current = null;
      if (left) break;
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
    async leave() {
      left = true;
      await current?.running.leave();
      await turned;
    },
  };
}
