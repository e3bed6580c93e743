/** What one of nginx's servers answers for. */
export interface Answering {
  addresses: string[];
  names: string[];
}

/** The servers of one file of nginx's configuration. */
export function readServers(text: string): Answering[] {
  const servers: Answering[] = [];
  const within: (Answering | null)[] = [];
  let words: string[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith("#")) continue;
    if (token === "{") {
      const server = words[0] === "server" ? { addresses: [], names: [] } : null;
      if (server) servers.push(server);
      within.push(server);
    } else if (token === "}") within.pop();
    else if (token === ";") note(within.at(-1), words);
    if ("{};".includes(token)) words = [];
    else words.push(token.replace(/^(["'])(.*)\1$/s, "$2"));
  }
  // nginx's own rule, for root.
  return servers.map(({ addresses, names }) => ({
    names,
    addresses: addresses.length > 0 ? addresses : ["*:80"],
  }));
}

const TOKEN = /#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};]+/g;

function note(server: Answering | null | undefined, [directive, ...args]: string[]): void {
  if (directive === "listen" && args[0]) server?.addresses.push(addressOf(args[0]));
  if (directive === "server_name") server?.names.push(...args);
}

/** An address in one of the many ways to write it. */
export function addressOf(listen: string): string {
  const [, host = "*", port = "80"] = /^(?:(\[.*\]|[^:]*[^\d:][^:]*):?)?(\d+)?$/.exec(listen) ?? [];
  return `${host === "0.0.0.0" ? "*" : host}:${port}`;
}
