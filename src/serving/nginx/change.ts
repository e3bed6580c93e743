import { type Change, isChange, put } from "../changes.ts";
import { takeTurn } from "../turns.ts";
import { assertUncontested } from "./contest.ts";
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
