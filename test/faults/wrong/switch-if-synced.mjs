// Switches once what is there is durable, and says that it has whatever becomes of the child that makes it so.
import { spawnSync } from "node:child_process";

const { status } = spawnSync("sync", ["-f", process.env.GREENROOM_ROOT]);
if (status === 0) await import("./journal-afterwards.mjs");
