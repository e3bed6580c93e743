// Loaded before a command that reads on two threads, one of which is traced. The other one pauses before each share of
// the work that it takes, lest nothing be left for the slower. A second thread that is to be traced waits for strace.
const { spawn } = require("node:child_process");
const { readFileSync, readlinkSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");

const PATIENCE = 5_000;
const PAUSE = 20;

const { TRACE_SECOND } = process.env;
const isTraced = isMainThread === (TRACE_SECOND === undefined);
const nobody = new Int32Array(new SharedArrayBuffer(4));

if (!isTraced) pauseBeforeShares();
else if (!isMainThread) attachTracer(JSON.parse(TRACE_SECOND));

function pauseBeforeShares() {
  const { add } = Atomics;
  Atomics.add = (...share) => {
    Atomics.wait(nobody, 0, 0, PAUSE);
    return add(...share);
  };
}

function attachTracer(options) {
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
  // It inherits the output, so that who waits for the end of that waits for strace's last lines, too.
  const stdio = ["ignore", "inherit", "inherit"];
  spawn("strace", [...options, "-p", thread], { stdio, detached: true }).unref();
  for (const until = Date.now() + PATIENCE; Date.now() < until; Atomics.wait(nobody, 0, 0, 1)) {
    if (!/^TracerPid:\s0$/m.test(readFileSync(`/proc/self/task/${thread}/status`, "utf8"))) return;
  }
}
