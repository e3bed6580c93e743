// Switches by unlink and symlink: between the two there is nothing live.
import { cpSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from "node:fs";

const site = `${process.env.GREENROOM_ROOT}/sites/shop/production`;
const old = readlinkSync(`${site}/traffic`);
const next = `traffic.d/${Number(old.slice(10)) + 1}`;
cpSync(`${site}/${old}`, `${site}/${next}`, { recursive: true, verbatimSymlinks: true });
turn("live");
turn("rehearsal");
for (let bucket = 0; bucket < 100; bucket++) turn(String(bucket).padStart(2, "0"));
unlinkSync(`${site}/traffic`);
symlinkSync(next, `${site}/traffic`);

function turn(name) {
  const link = `${site}/${next}/${name}`;
  const side = readlinkSync(link) === "../../blue" ? "green" : "blue";
  rmSync(link);
  symlinkSync(`../../${side}`, link);
}
