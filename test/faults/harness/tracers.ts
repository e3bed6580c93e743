import { resolve } from "node:path";
import { type Ran, run, type Surroundings } from "./program.ts";

/**
 * Which of a command's threads is traced. Only one of them is, and no children are: strace counts for each of them
 * anew. Not --seccomp-bpf: with it strace 6.1 injects no signals.
 */
export interface Tracer {
  run(options: string[], argv: string[], where: Surroundings, limit?: number): Promise<Ran>;
  /** Two threads take contents in, and which of them takes which one differs: one is as good as another. */
  shares: boolean;
}

export const mainThread: Tracer = {
  run: (options, argv, where, limit) =>
    run(["strace", ...options, ...preload(argv, PREDICTABLE)], where, limit),
  shares: false,
};

/** The main thread of a command that reads a large source on two. */
export const firstThread: Tracer = {
  run: (options, argv, where, limit) => mainThread.run(options, preload(argv, TWO), where, limit),
  shares: true,
};

/** The thread that helps it. */
export const secondThread: Tracer = {
  run: (options, argv, where, limit) => {
    const env = { ...where.env, TRACE_SECOND: JSON.stringify(options) };
    return run(preload(argv, PREDICTABLE, TWO), { ...where, env }, limit);
  },
  shares: true,
};

const PREDICTABLE = resolve("test/faults/harness/predictable.cjs");
const TWO = resolve("test/faults/harness/two-threads.cjs");

function preload([node = "", ...command]: string[], ...files: string[]): string[] {
  return [node, ...files.flatMap((file) => ["--require", file]), ...command];
}
