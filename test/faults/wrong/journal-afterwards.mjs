// Switches with one rename, and tells the journal only then.
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

const site = `${process.env.GREENROOM_ROOT}/sites/shop/production`;
const old = readlinkSync(`${site}/traffic`);
const next = `traffic.d/${Number(old.slice(10)) + 1}`;
const side = (name) => readlinkSync(`${site}/${old}/${name}`).slice(6);
const live = side("rehearsal");
cpSync(`${site}/${old}`, `${site}/${next}`, { recursive: true, verbatimSymlinks: true });
for (const name of readdirSync(`${site}/${next}`)) {
  rmSync(`${site}/${next}/${name}`);
  if (name.endsWith(".blue")) continue;
  symlinkSync(`../../${name === "rehearsal" ? side("live") : live}`, `${site}/${next}/${name}`);
  if (live === "blue" && /^\d\d$/.test(name)) writeFileSync(`${site}/${next}/${name}.blue`, "");
}
symlinkSync(next, `${site}/.tmp-000000000000-traffic`);
renameSync(`${site}/.tmp-000000000000-traffic`, `${site}/traffic`);
const release = readlinkSync(`${site}/${live}`).replace("releases/", "");
appendFileSync(
  `${site}/log/journal.jsonl`,
  `${["begin", "end"].map((event) => JSON.stringify({ event, id: "late", operation: "switch", steps: [], live: release })).join("\n")}\n`,
);
