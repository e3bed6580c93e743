#!/usr/bin/env node
import { isMainThread } from "node:worker_threads";

declare const __VERSION__: string;

const argv = process.argv.slice(2);

if (!isMainThread) {
  // A thread that a command started to share its work, from the one file that there is.
  const { answerAssignment } = await import("./release/second-reader.ts");
  answerAssignment();
} else if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V"))
  process.stdout.write(`${__VERSION__}\n`);
else if (argv[0] === "host") {
  const { main } = await import("./host.ts");
  await main(argv.slice(1), __VERSION__);
} else {
  const { main } = await import("./commands/frame.ts");
  process.exitCode = await main(argv, __VERSION__);
}
