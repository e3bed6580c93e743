import { SIDES } from "../../environment/sides.ts";
import type { Site } from "../../environment/site.ts";
import { listSites } from "../supervisor/sites.ts";
import { readLive, readWant } from "../supervisor/want.ts";
import { programOf, sitePrefixOf } from "./places.ts";

/** Tells a program that should run from one that is left over. What can't be told should run. */
export async function readWanted(root: string): Promise<(program: string) => boolean> {
  const { sites } = await listSites(root);
  const known = sites.map((site) => ({ prefix: sitePrefixOf(site), programs: programsOf(site) }));
  return (program) => {
    const site = known.find(({ prefix }) => program.startsWith(prefix));
    return site !== undefined && (site.programs === null || site.programs.includes(program));
  };
}

function programsOf(site: Site): string[] | null {
  try {
    const live = readLive(site);
    return SIDES.flatMap((side) => {
      const { want } = readWant(site, side, null);
      const names = Object.keys(want?.spec.serve.start ?? {});
      const running = names.filter((name) => name === "web" || side === live);
      return want ? running.map((name) => programOf({ site, want, name })) : [];
    });
  } catch {
    return null;
  }
}
