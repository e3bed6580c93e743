/** Whom the kernel asks for when files are opened and made. */
export interface Identity {
  name: string;
  uid: number;
  gid: number;
}

// Node's types don't know it where a platform lacks it.
const { initgroups } = process as unknown as { initgroups(user: string, group: number): void };

/**
 * Acts with the rights of an account, and no others: what that account couldn't read or write isn't read or written.
 * Where it is null, with our own. The program must do nothing else meanwhile, so `act` doesn't wait for anything.
 */
export function asAccount<T>(account: Identity | null, act: () => T): T {
  if (!account || account.uid === process.geteuid?.()) return act();
  const before = { groups: process.getgroups!(), gid: process.getegid!(), uid: process.geteuid!() };
  initgroups(account.name, account.gid);
  process.setegid!(account.gid);
  process.seteuid!(account.uid);
  try {
    return act();
  } finally {
    process.seteuid!(before.uid);
    process.setegid!(before.gid);
    process.setgroups!(before.groups);
  }
}
