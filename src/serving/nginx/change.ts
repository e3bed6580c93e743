import { GreenroomError } from "../../errors.ts";
import { type Change, isChange, put } from "../changes.ts";
import { takeTurn } from "../turns.ts";
import { type Nginx, nginxAt } from "./places.ts";
import { reload, testConfig } from "./program.ts";

/**
 * Puts files into nginx's configuration, or takes them away, all at once. What nginx refuses was never there, nor what
 * `accept` refuses of what nginx would then read.
 */
export async function changeNginx(
  root: string,
  nginx: Nginx,
  plan: () => Promise<Change[]>,
  accept: () => void | Promise<void> = () => {},
): Promise<void> {
  const lock = await takeTurn(nginxAt.lock(root), "nginx");
  try {
    const changes = (await plan()).filter(isChange);
    if (changes.length === 0) return;
    const before = changes.map(put);
    try {
      assertUncontested(changes, testConfig(nginx));
      await accept();
      await reload(nginx);
    } catch (error) {
      before.forEach(put);
      await reload(nginx).catch(() => {});
      throw error;
    }
  } finally {
    lock.release();
  }
}

// nginx only warns: whichever server it reads first gets all the visitors.
function assertUncontested(changes: Change[], words: string): void {
  for (const [, name, address] of words.matchAll(/conflicting server name "([^"]+)" on (\S+), ignored/g)) {
    if (!changes.some(({ content }) => content?.includes(`server_name ${name};`))) continue;
    throw new GreenroomError(
      "DOMAIN_TAKEN",
      `nginx already serves ${name} on ${address}, by a file of its own`,
      {
        hint: `find it with: nginx -T | grep -nE "^# conf|server_name.*${name}" and take it out`,
      },
    );
  }
}
