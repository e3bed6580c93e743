import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GreenroomError } from "../errors.ts";
import { listVersions } from "../release/store.ts";
import { readStaged } from "./config.ts";
import { liveHistory, readJournal } from "./journal.ts";
import { readSecret } from "./previews.ts";
import { other, type Side } from "./sides.ts";
import { at, type Site } from "./site.ts";
import type { EnvironmentSpec } from "./spec.ts";
import { readState } from "./state.ts";
import type { Scene } from "./world.ts";

/** A release on a side, and how it is served there, with its rendered configuration. */
export interface Shown {
  side: Side;
  release: string;
  spec: EnvironmentSpec;
}

/** Who gets what: what all servers of an environment have in common. */
export interface Course {
  live: Side;
  /** Of 100 buckets of visitors, how many the rehearsal gets. */
  share: number;
  paused: string | null;
  /** Releases that were live, oldest first, as far as they can still be had. */
  history: string[];
  bad: string[];
}

/** All that another server needs to show the same. */
export interface Likeness {
  live: Shown;
  rehearsal: Shown | null;
  /** It has visitors, or could get them by a switch. */
  isRehearsed: boolean;
  course: Course;
  /** Of its preview addresses; null where they are open. */
  secret: string | null;
}

/** Null where nothing is live. */
export function readLikeness({ site, world }: Pick<Scene, "site" | "world">): Likeness | null {
  const { live, sides, traffic, verdict, bad } = readState(site);
  if (!live || !traffic || !sides[live]) return null;
  const rehearsal = other(live);
  const share = traffic.buckets[rehearsal];
  const release = sides[rehearsal];
  const isRehearsed = release !== null && (share > 0 || verdict?.passed === true);
  const isKnown = release !== null && (isRehearsed || readStaged(site, release) !== null);
  const stored = listVersions(world.store, site.project);
  const history = liveHistory(readJournal(site).entries).filter((release) => stored.includes(release));
  return {
    live: shownOn(site, live, sides[live]),
    rehearsal: isKnown ? shownOn(site, rehearsal, release) : null,
    isRehearsed,
    course: { live, share, paused: traffic.paused, history, bad },
    secret: readSecret(site),
  };
}

function shownOn(site: Site, side: Side, release: string): Shown {
  const staged = readStaged(site, release);
  if (!staged) {
    throw new GreenroomError(
      "VERIFY_FAILED",
      `how ${release} is served is lost: ${at.staged(site, release)}`,
      { hint: `greenroom stage ${site.environment} --release ${release}` },
    );
  }
  const { files: _, ...spec } = staged;
  const contentOf = (path: string) => readFileSync(join(at.config(site, release), path), "utf8");
  return {
    side,
    release,
    spec: { ...spec, config: spec.config.map((path) => ({ path, content: contentOf(path) })) },
  };
}
