// npm run lock, after a change of dependencies: names in package-lock.json what npm leaves out of it where a registry
// doesn't carry a package's builds for other platforms. Without them `npm ci` calls the file out of sync.
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "win32", "openharmony"];
const PROCESSORS = ["arm64", "x64", "ia32", "ppc64", "riscv64", "s390x", "arm", "wasm32"];

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const { packages } = lock;
const outermostFirst = Object.entries(packages).sort(([a], [b]) => depth(a) - depth(b));
for (const [place, { optionalDependencies = {} }] of outermostFirst) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const version = range.replace(/^[~^]/, "");
    const free = freePlace(place, name, version);
    if (free) packages[free] = stub(name, version);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);

/** The outermost place at which nothing else is in the way; null where the package is there in this version. */
function freePlace(place, name, version) {
  let free = null;
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    const at = `${from ? `${from}/` : ""}node_modules/${name}`;
    if (packages[at]) return packages[at].version === version ? null : free;
    free = at;
    if (!from) return free;
  }
}

function stub(name, version) {
  const build = name.slice(name.indexOf("/") + 1);
  const cpu = PROCESSORS.find((one) => build.includes(one));
  const os = SYSTEMS.find((one) => build.includes(one));
  const libc = build.includes("musl")
    ? "musl"
    : build.includes("linux") && build.includes("gnu")
      ? "glibc"
      : null;
  const only = { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }), ...(libc && { libc: [libc] }) };
  return { version, dev: true, optional: true, ...only };
}

function depth(place) {
  return place.split("node_modules/").length;
}
