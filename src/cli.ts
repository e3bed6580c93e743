#!/usr/bin/env node
declare const __VERSION__: string;

const argv = process.argv.slice(2);

// Answered before anything is loaded: scripts ask for it often.
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V"))
  process.stdout.write(`${__VERSION__}\n`);
else {
  const { main } = await import("./commands/frame.ts");
  process.exitCode = await main(argv, __VERSION__);
}
