import type { Likeness, Shown } from "../environment/likeness.ts";
import { other } from "../environment/sides.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { GreenroomError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Store } from "../release/store.ts";
import { assertAlike, onAll } from "./fleet/on-all.ts";
import { catchUp } from "./fleet/recover.ts";
import type { Host } from "./host.ts";
import { receive } from "./releases/receive.ts";
import { copyStorage } from "./storage/copy-storage.ts";

export interface Binding {
  newcomer: Host;
  /** The environment's other servers. */
  members: Host[];
  /** Those of them that it is to be like, which show the same. */
  models: Host[];
  spec: EnvironmentSpec;
  /** Of this machine, by way of which releases go. */
  store: Store;
  /** One of the others, whose storage the newcomer is to have; null: what a release brings. */
  storageFrom: Host | null;
  emit: Emit;
}

/**
 * Makes a server show what the others of its environment show, and only then lets visitors in. It may be done again
 * at any time. Answers what is live there; null where nothing is live anywhere.
 */
export async function bind(binding: Binding): Promise<Likeness | null> {
  const { members, models, spec, emit } = binding;
  if (members.length > 0) await catchUp(members, spec, emit);
  let wanted = await likenessOf(models, spec);
  for (let round = 0; round < ROUNDS; round++) {
    if (wanted) await makeAlike(round === 0 ? binding : { ...binding, storageFrom: null }, wanted);
    const now = await likenessOf(models, spec);
    if (JSON.stringify(now) === JSON.stringify(wanted)) return wanted;
    wanted = now;
  }
  throw new GreenroomError("LOCKED", `${spec.environment} keeps changing meanwhile`, {
    hint: "give the command again when nobody else works on it",
  });
}

/** The others may move while the newcomer gets ready. */
const ROUNDS = 3;

/** What all of them show, as the first has it. */
export async function likenessOf(members: Host[], spec: EnvironmentSpec): Promise<Likeness | null> {
  const all = await onAll(members, async (host) => {
    const likeness = await host.likeness(spec);
    return likeness && withoutAccount(likeness, spec);
  });
  const shown = all.map((one) => one && { live: one.live.release, share: one.course.share });
  assertAlike(members, shown, "what they show", spec);
  return all[0] ?? null;
}

async function makeAlike(binding: Binding, likeness: Likeness): Promise<void> {
  const { newcomer, models, spec, store } = binding;
  const { live, rehearsal, isRehearsed, course, secret } = likeness;
  const [model] = models as [Host];
  for (const version of releasesOf(likeness)) {
    const manifest = await model.give(store, { project: spec.project, version });
    await receive(newcomer, store, manifest);
  }
  const join = (share: number, side = course.live) =>
    newcomer.operate(live.spec, "join", { course: { ...course, live: side, share }, dryRun: false });
  const put = async (shown: Shown) => {
    await newcomer.operate(shown.spec, "stage", stagingOf(shown, secret));
    await newcomer.operate(shown.spec, "check", { side: shown.side, dryRun: false });
  };
  const { live: before, traffic } = await newcomer.look(live.spec);
  if (binding.storageFrom) await takeStorage(binding, binding.storageFrom, live, before !== null);
  const isInTheWay = before?.side === course.live && before.release !== live.release;
  if (isInTheWay) {
    // Its visitors see another release where the live one belongs: that moves to the other side, and they with it.
    const aside = other(course.live);
    if (traffic[aside] > 0) await join(0);
    await put({ ...live, side: aside });
    await join(0, aside);
  }
  await put(live);
  await newcomer.operate(live.spec, "verify", { dryRun: false });
  // Where its visitors see the other side so far, they leave it first.
  if (before && (isInTheWay || before.side !== course.live)) await join(0);
  if (rehearsal && isRehearsed) await put(rehearsal);
  await join(course.share);
  if (rehearsal && !isRehearsed) await putAside(binding, rehearsal, secret);
}

/** What nobody could switch to on the others either: it is to be looked at, and keeps nobody from being bound. */
async function putAside({ newcomer, emit }: Binding, shown: Shown, secret: string | null): Promise<void> {
  try {
    await newcomer.operate(shown.spec, "stage", stagingOf(shown, secret));
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    const text = `the rehearsal ${shown.release} isn't on ${newcomer.name}, and hasn't passed its checks elsewhere: ${error.message}`;
    emit({ event: "warning", text });
  }
}

function stagingOf({ side, release }: Shown, secret: string | null) {
  return { release, side, ...(secret === null ? {} : { secret }), dryRun: false };
}

/** Nothing runs there yet once it is complete: what was staged to have a place for it goes again, and finds it later. */
async function takeStorage(
  { newcomer, emit }: Binding,
  from: Host,
  { release, spec }: Shown,
  isLive: boolean,
): Promise<void> {
  if (isLive) {
    const text = `storage isn't copied: visitors of ${spec.environment} are on ${newcomer.name} already`;
    emit({ event: "warning", text });
    return;
  }
  await newcomer.operate(spec, "stage", { release, dryRun: false });
  await copyStorage(from, newcomer, spec, emit);
  await newcomer.operate(spec, "remove", { force: false, storage: false, dryRun: false });
}

/** All that a rollback might want there, and what the sides have. */
export function releasesOf({ live, rehearsal, course }: Likeness): string[] {
  return [...new Set([...course.history, ...(rehearsal ? [rehearsal.release] : []), live.release])];
}

/** Whom programs run as is each machine's to say, unless greenroom.json does. */
function withoutAccount(likeness: Likeness, { serve }: EnvironmentSpec): Likeness {
  const user = serve.kind === "static" ? null : serve.user;
  const as = (shown: Shown): Shown => {
    const own = shown.spec.serve;
    return own.kind === "static" ? shown : { ...shown, spec: { ...shown.spec, serve: { ...own, user } } };
  };
  return { ...likeness, live: as(likeness.live), rehearsal: likeness.rehearsal && as(likeness.rehearsal) };
}
