// Loaded before a command whose second thread is to be traced: that thread waits until strace holds it, and only it.
const { spawn } = require("node:child_process");
const { readFileSync, readlinkSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");

const PATIENCE = 5_000;

if (!isMainThread) {
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
  const args = [...JSON.parse(process.env.TRACE_SECOND), "-p", thread];
  spawn("strace", args, { stdio: "ignore", detached: true }).unref();
  waitForTracer(`/proc/self/task/${thread}/status`);
}

function waitForTracer(status) {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (const until = Date.now() + PATIENCE; Date.now() < until; Atomics.wait(nobody, 0, 0, 1)) {
    if (!/^TracerPid:\s0$/m.test(readFileSync(status, "utf8"))) return;
  }
}
