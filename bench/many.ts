import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { greenroomArgv, time } from "./cli.ts";
import { type Serving, setUp, startUp } from "./serve.ts";
import { writeProject } from "./tree.ts";

export interface Many extends Serving {
  /** Its greenroom.json names all of them. */
  project: string;
  /** This one's names e0 to e9, as if the others were somebody else's. */
  small: string;
  root: string;
  environments: number;
}

export const hostOf = (environment: number) => `e${environment}.many.localhost`;

/** A root with so many environments, each with a release on both sides, all served. */
export async function makeMany(dir: string, environments: number): Promise<Many> {
  const world = { project: join(dir, `many-${environments}`), root: join(dir, `many-${environments}-root`) };
  const small = `${world.project}-small`;
  writeMany(world.project, environments);
  writeMany(small, 10);
  const port = await setUp(world.root);
  const first = await startUp(world.root, port);
  for (const release of ["one", "two"]) {
    writeFileSync(join(world.project, "index.html"), `release ${release}\n`.repeat(400));
    time(greenroomArgv(world, "deploy", "e0"));
  }
  time(greenroomArgv(world, "switch", "e0"));
  await first.stop();
  for (let i = 1; i < environments; i++) copyEnvironment(world.root, i);
  return { ...world, small, environments, ...(await startUp(world.root, port)) };
}

function writeMany(project: string, environments: number): void {
  const all = Array.from({ length: environments }, (_, i) => [`e${i}`, { domain: hostOf(i), keep: 2 }]);
  writeProject(project, { project: "many", environments: Object.fromEntries(all) });
}

// Two thousand deployments would take an hour, and leave the same.
function copyEnvironment(root: string, i: number): void {
  const sites = join(root, "sites", "many");
  const site = join(sites, `e${i}`);
  const { status } = spawnSync("cp", ["-a", join(sites, "e0"), site], { stdio: "inherit" });
  if (status !== 0) throw new Error(`can't copy an environment to ${site}`);
  const configs = readdirSync(join(site, "config"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(site, "config", name));
  for (const file of [join(site, "environment.json"), ...configs]) {
    const text = readFileSync(file, "utf8").replaceAll(hostOf(0), hostOf(i)).replaceAll('"e0"', `"e${i}"`);
    writeFileSync(file, text);
  }
  symlinkSync(`../sites/many/e${i}`, join(root, "hosts", hostOf(i)));
}
