import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { GreenroomError } from "../../errors.ts";
import { ABSENT, NO_NODE } from "./script.ts";

/** How the program's own first message begins. */
const HELLO = '{"hello":';

/** A login shell prints no more than this, nor does anybody whom we could talk to. */
const NOISE_LIMIT = 64 * 1024;

/**
 * What the other side says first, from the beginning of its first line on. What a login shell prints before that, as its
 * `.bashrc` may have it do, is meant for people.
 */
export async function readOpening(
  { stdout }: ChildProcess,
  name: string,
  why: () => Promise<GreenroomError>,
): Promise<Buffer> {
  let whole = Buffer.alloc(0);
  for (;;) {
    const chunk = stdout!.read() as Buffer | null;
    if (chunk) whole = Buffer.concat([whole, chunk]);
    const opening = openingIn(whole);
    if (opening?.includes(10)) return opening;
    if (whole.length > NOISE_LIMIT && !opening) throw strange(name, whole);
    if (stdout!.readableEnded) throw whole.length > 0 ? strange(name, whole) : await why();
    if (!chunk) await Promise.race([once(stdout!, "readable"), once(stdout!, "end")]);
  }
}

function openingIn(whole: Buffer): Buffer | null {
  const starts = [ABSENT, NO_NODE, HELLO].map((words) => whole.indexOf(words)).filter((at) => at !== -1);
  return starts.length > 0 ? whole.subarray(Math.min(...starts)) : null;
}

function strange(name: string, said: Buffer): GreenroomError {
  return new GreenroomError("SERVER_REFUSED", `what answers on ${name} isn't Greenroom`, {
    hint: "its login shell, or the forced command of the key, must run what it is told and say nothing else",
    detail: said.subarray(-1000).toString("utf8").trim().split("\n").slice(-8),
  });
}
