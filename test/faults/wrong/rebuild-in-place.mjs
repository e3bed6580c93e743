// Deploys by deleting the files of the live release and copying the new ones there.
import { cpSync, realpathSync, rmSync } from "node:fs";

const site = `${process.env.GREENROOM_ROOT}/sites/shop/production`;
const live = realpathSync(`${site}/current`);
rmSync(live, { recursive: true });
cpSync(process.cwd(), live, { recursive: true, verbatimSymlinks: true });
