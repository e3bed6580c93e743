// Recovers from whatever was by making the traffic link anew, with unlink and symlink.
import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";

const traffic = `${process.env.GREENROOM_ROOT}/sites/shop/production/traffic`;
const generation = readlinkSync(traffic);
unlinkSync(traffic);
symlinkSync(generation, traffic);
