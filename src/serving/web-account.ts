import { type Account, findAccount, usualAccount } from "../processes/account.ts";
import { readMachine } from "./machine.ts";

/** Whom nginx's workers run as: who must get at sockets. Null: nobody but ourselves. */
export function webAccount(root: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const name = readMachine(root).webUser ?? usualAccount(root);
  return name === null ? null : findAccount(name);
}
