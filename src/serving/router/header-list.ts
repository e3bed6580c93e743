/** Names and values in turn, the form that costs `writeHead` least. */
export function headerList(headers: Record<string, string>): string[] {
  return Object.entries(headers).flat();
}
