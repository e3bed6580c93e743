// Loaded before a command that is traced: its random names and its number are the same in every run, so that strace can
// be told of a file by its name. The number is one that no process has: who dies is seen to be dead.
const crypto = require("node:crypto");
const { syncBuiltinESMExports } = require("node:module");

const HIGHEST = 4_194_304;
const { TRACED_NAMES = "" } = process.env;
let drawn = 0;

crypto.randomBytes = (size) => {
  drawn += 1;
  return crypto.createHash("sha256").update(`${TRACED_NAMES} ${drawn}`).digest().subarray(0, size);
};
Object.defineProperty(process, "pid", { value: HIGHEST });
syncBuiltinESMExports();
