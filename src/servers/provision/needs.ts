import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { ProjectFile } from "../../project/schema.ts";
import type { Server } from "../server.ts";
import { type Bundle, programPath } from "../ssh/script.ts";
import type { SentFile } from "./steps.ts";

/** What the user has said on the command line, and what the line itself says. */
export interface Wishes {
  /** Where to listen; null: where the server listens already, else on the usual ports. */
  listen: string | null;
  listenTls: string | null;
  firewall: boolean;
  /** By which ssh comes in there; null: the server can't tell. */
  sshPort: number | null;
  /** The account to be made for those who deploy; null: whoever logs in now. */
  account: string | null;
  /** Who logs in now, where that is another one. */
  as: string | null;
}

export type Daemon = "nginx" | "supervisor" | "php-fpm";

/** What a server must have for a project's environments. */
export interface Needs extends Wishes {
  root: string;
  packages: string[];
  daemons: Daemon[];
  /** The program, and what it loads when it must. */
  files: [SentFile, ...SentFile[]];
  /** Some process of a site is to be kept running. */
  supervises: boolean;
  tls: boolean;
  /** Shell lines of the user's, each to be run once. */
  lines: { line: string; mark: string }[];
}

/** By who keeps or answers a site. */
const PACKAGES: Record<Daemon, string[]> = {
  nginx: ["nginx"],
  supervisor: ["supervisor"],
  "php-fpm": ["php-fpm", "php-cli"],
};

const DAEMONS: Record<ProjectFile["serve"]["kind"], Daemon[]> = {
  static: ["nginx"],
  process: ["nginx", "supervisor"],
  php: ["nginx", "php-fpm"],
};

export function needsOf(
  { serve, environments, provision }: ProjectFile,
  { name, root }: Server,
  wishes: Wishes,
  { bundle, acme }: { bundle: Bundle; acme: Buffer },
): Needs {
  const daemons = DAEMONS[serve.kind];
  const program = programPath(root, bundle);
  const own = Object.values(environments).filter(({ servers }) => servers.includes(name));
  return {
    ...wishes,
    root,
    daemons,
    packages: [
      ...daemons.flatMap((daemon) => PACKAGES[daemon]),
      "rsync",
      ...(wishes.account === null ? [] : ["sudo"]),
      ...provision.packages,
    ],
    files: [
      { path: program, sha256: bundle.sha256 },
      { path: join(dirname(program), "acme-client.mjs"), sha256: sha256(acme) },
    ],
    supervises: serve.kind === "process",
    tls: own.some(({ tls }) => tls !== null),
    lines: provision.run.map((line) => ({ line, mark: join(root, "provisioned", sha256(line)) })),
  };
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
