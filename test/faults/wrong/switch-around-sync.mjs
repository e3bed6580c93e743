// Takes the traffic away, syncs, and puts it back: who dies while the child works leaves nothing live.
import { spawnSync } from "node:child_process";
import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";

const site = `${process.env.GREENROOM_ROOT}/sites/shop/production`;
const generation = readlinkSync(`${site}/traffic`);
unlinkSync(`${site}/traffic`);
spawnSync("sync", ["-f", site]);
symlinkSync(generation, `${site}/traffic`);
