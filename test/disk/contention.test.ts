import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { compile, type Program, runProgram, temporaryFolder } from "../processes/program.ts";

const CONTENDERS = 8;
const ROUNDS = process.env.GREENROOM_FAULTS === "long" ? 1000 : 60;

/** Tries once at each line that it is told, says whether it won, and lets go at the next line. */
const contender = (attempt: string) => `
  import { existsSync, rmSync, writeFileSync } from "node:fs";
  import { createInterface } from "node:readline";
  import { isHeld, tryLock } from "src/disk/lock.ts";
  const path = process.argv[2];
  const attempt = () => { ${attempt} };
  let letGo = null;
  console.log("ready");
  for await (const word of createInterface({ input: process.stdin })) {
    if (word === "try") console.log((letGo = attempt()) ? "won" : "lost");
    else { letGo?.(); console.log("free"); }
  }
`;

const OURS = `const lock = tryLock(path, {}); return isHeld(lock) ? null : () => lock.release();`;

// What a tool does that looks whether a lock file is there before it writes one.
const LOOK_THEN_WRITE = `
  if (existsSync(path)) return null;
  writeFileSync(path, String(process.pid));
  return () => rmSync(path, { force: true });
`;

test(`${CONTENDERS} contenders in ${ROUNDS} rounds: always one winner`, { timeout: 600_000 }, async () => {
  const winners = await contend(OURS, ROUNDS);
  expect(winners.filter((count) => count !== 1)).toEqual([]);
});

test("the same contest catches a lock that looks before it writes", { timeout: 120_000 }, async () => {
  const winners = await contend(LOOK_THEN_WRITE, 200);
  expect(Math.max(...winners)).toBeGreaterThan(1);
});

/** How many won, round by round. */
async function contend(attempt: string, rounds: number): Promise<number[]> {
  const path = join(temporaryFolder(), "lock");
  const file = await compile(contender(attempt));
  const players = Array.from({ length: CONTENDERS }, () => listenTo(runProgram(file, [path])));
  await Promise.all(players.map((player) => player.next()));
  const winners: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await tell(players, "try");
    winners.push(answers.filter((answer) => answer === "won").length);
    await tell(players, "free");
  }
  return winners;
}

interface Player {
  say(word: string): void;
  next(): Promise<string>;
}

function listenTo({ child }: Program): Player {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    say: (word) => void child.stdin!.write(`${word}\n`),
    next: async () => (await lines.next()).value as string,
  };
}

function tell(players: Player[], word: string): Promise<string[]> {
  for (const player of players) player.say(word);
  return Promise.all(players.map((player) => player.next()));
}
