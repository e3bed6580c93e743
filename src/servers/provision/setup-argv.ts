import type { Facts } from "./facts.ts";
import type { Needs } from "./needs.ts";

/** How `greenroom setup` is told what this server needs; what others of its projects need stays. */
export function setupArgv(needs: Needs, facts: Facts): string[] {
  const { listen, listenTls } = doorsOf(needs, facts);
  return [
    "setup",
    "--yes",
    "--router=nginx",
    ...(needs.supervises ? ["--supervisor=supervisord"] : []),
    `--listen=${listen.join(",")}`,
    ...(listenTls.length > 0 ? [`--listen-tls=${listenTls.join(",")}`] : []),
  ];
}

/** Where the server is to listen: as told, else as it does already, else on the usual ports. */
export function doorsOf(needs: Needs, { machine, ipv6 }: Facts): { listen: string[]; listenTls: string[] } {
  const usual = (port: number) => [`${port}`, ...(ipv6 ? [`[::]:${port}`] : [])];
  const before = machine?.listenTls ?? [];
  const listenTls = before.length === 0 && needs.tls ? usual(443) : before;
  return {
    listen: needs.listen?.split(",") ?? machine?.listen ?? usual(80),
    listenTls: needs.listenTls?.split(",") ?? listenTls,
  };
}
