// Loaded before a command: its second thread dies before it begins, as when its file is gone.
if (!require("node:worker_threads").isMainThread) throw new Error("stillborn");
