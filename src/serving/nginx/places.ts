import { join } from "node:path";
import type { Site } from "../../environment/site.ts";

/** Where nginx's files are below a root. */
export const nginxAt = {
  dir: (root: string) => join(root, "nginx"),
  main: (root: string) => join(root, "nginx", "nginx.conf"),
  shared: (root: string) => join(root, "nginx", "shared.conf"),
  /** What each site's server needs of an nginx that isn't ours. */
  ground: (root: string) => join(root, "nginx", "server.conf"),
  sites: (root: string) => join(root, "nginx", "sites"),
  /** No name holds two dots in a row. */
  site: ({ root, project, environment }: Site) =>
    join(root, "nginx", "sites", `${project}..${environment}.conf`),
  /** Where requests wait while a site is paused. */
  hold: (root: string) => join(root, "nginx", "hold.sock"),
  /** What a certificate authority asks for, to see whose a domain is. */
  challenges: (root: string) => join(root, "acme", "challenges"),
  lock: (root: string) => join(root, "nginx", "lock"),
};

/** An nginx that can be told something: Greenroom's own, or the machine's. */
export interface Nginx {
  /** What its program must be told to find its configuration. */
  args: string[];
  pid: string;
  errors: string;
}

export function nginxOf(root: string, unprivileged: boolean): Nginx {
  if (!unprivileged) return { args: [], pid: "/run/nginx.pid", errors: "/var/log/nginx/error.log" };
  const dir = nginxAt.dir(root);
  return {
    args: ["-p", dir, "-c", nginxAt.main(root)],
    pid: join(dir, "nginx.pid"),
    errors: join(dir, "error.log"),
  };
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
