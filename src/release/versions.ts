/** `YYYY.MM.DD.N`: the day in local time, and the first number that is free on it. */
export function nextVersion(taken: Iterable<string>, now: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${now.getFullYear()}.${two(now.getMonth() + 1)}.${two(now.getDate())}.`;
  const numbers = [...taken]
    .filter((version) => version.startsWith(day) && /^\d{1,9}$/.test(version.slice(day.length)))
    .map((version) => Number(version.slice(day.length)));
  return `${day}${Math.max(0, ...numbers) + 1}`;
}
