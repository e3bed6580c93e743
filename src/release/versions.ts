/** `YYYY.MM.DD.N`: the day in local time, and the first number that is free on it. */
export function nextVersion(taken: Iterable<string>, now: Date): string {
  const { day, last } = numbersOf(taken, now);
  return `${day}${last + 1}`;
}

/** The one that `nextVersion` counts on from. */
export function lastVersion(taken: Iterable<string>, now: Date): string {
  const { day, last } = numbersOf(taken, now);
  return `${day}${last}`;
}

function numbersOf(taken: Iterable<string>, now: Date): { day: string; last: number } {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${now.getFullYear()}.${two(now.getMonth() + 1)}.${two(now.getDate())}.`;
  const numbers = [...taken]
    .filter((version) => version.startsWith(day) && /^\d{1,9}$/.test(version.slice(day.length)))
    .map((version) => Number(version.slice(day.length)));
  return { day, last: Math.max(0, ...numbers) };
}
