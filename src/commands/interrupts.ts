import { INTERRUPTS } from "../processes/signals.ts";

/** Waits for what servers do. Whoever interrupts that is told that it goes on without them. */
export async function tellingInterrupts<T>(environment: string, waits: () => Promise<T>): Promise<T> {
  const tell = (signal: NodeJS.Signals) => {
    forget();
    process.stderr.write(
      `\ninterrupted: what servers have begun, they finish or undo by themselves
then: greenroom status ${environment}\n`,
    );
    process.kill(process.pid, signal);
  };
  const forget = () => {
    for (const signal of INTERRUPTS) process.off(signal, tell);
  };
  for (const signal of INTERRUPTS) process.on(signal, tell);
  try {
    return await waits();
  } finally {
    forget();
  }
}
