import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Has a client of these tests ask all the while that `act` takes; answers what it has seen. */
export async function whileAsking<Seen>(
  client: string,
  args: string[],
  act: () => Promise<unknown>,
): Promise<Seen> {
  const argv = [`test/e2e/${client}`, ...args];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // It says when all its connections are open.
  await lines.next();
  try {
    await act();
  } finally {
    child.kill("SIGTERM");
  }
  return JSON.parse((await lines.next()).value as string) as Seen;
}
