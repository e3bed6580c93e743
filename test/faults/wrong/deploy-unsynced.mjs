// Deploys by copying the files into a new release and moving the live side's pointer, with no sync of anything.
import { cpSync, readlinkSync, renameSync, symlinkSync } from "node:fs";

const site = `${process.env.GREENROOM_ROOT}/sites/shop/production`;
const live = readlinkSync(`${site}/traffic/live`).slice(6);
const old = readlinkSync(`${site}/${live}`);
cpSync(`${site}/${old}`, `${site}/releases/new`, { recursive: true, verbatimSymlinks: true });
renameSync(`${site}/${old}`, `${site}/releases/.spare-old`);
renameSync(`${site}/releases/new`, `${site}/${old}`);
symlinkSync(old, `${site}/.tmp-000000000000-${live}`);
renameSync(`${site}/.tmp-000000000000-${live}`, `${site}/${live}`);
