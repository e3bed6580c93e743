import type { PublicFiles } from "./public-files.ts";

/** Milliseconds. */
export type Duration = number;

/** How files are sent, by whichever kind of site. */
export interface FileServing {
  /** Headers by name; null takes away one that Greenroom would send. */
  headers?: Record<string, string | null> | undefined;
  /** Folders below the public one whose files never change under their names. */
  immutable?: string[] | undefined;
}

export interface StaticServing extends FileServing {
  kind: "static";
  /** The folder of the release that visitors see, `.` for all of it. */
  public: string;
}

export interface ProcessServing extends FileServing {
  kind: "process";
  /** Shell lines by process name. `web` answers visitors on both sides; the others run on the live side only. */
  start: { web: string } & Record<string, string>;
  /** Files under it are answered by the router, everything else by `web`. */
  public: string | null;
  /** The path that answers 2xx or 3xx once `web` is ready. */
  health: string;
  /** Where `web` listens: the Unix socket in $SOCKET, or 127.0.0.1:$PORT. */
  listen: "socket" | "port";
  startWithin: Duration;
  /** How long requests in flight may go on when a side is stopped. */
  drain: Duration;
  /** The account that runs processes and tasks where Greenroom runs as root; null: root, less all capabilities. */
  user: string | null;
}

export interface PhpServing extends FileServing {
  kind: "php";
  /** The folder of the release that visitors see. */
  public: string;
  /** The script below it that answers for what no file has; null: nothing does. */
  front: string | null;
  /** The path that answers 2xx or 3xx if the site is well. */
  health: string;
  /** The account that PHP and tasks run as where Greenroom runs as root; null: root, less all capabilities. */
  user: string | null;
  php: PhpLimits;
}

export interface PhpLimits {
  /** Bytes that a request may use. */
  memory: number;
  /** Bytes that a file may have that a visitor uploads. */
  upload: number;
  /** How long a request may take. */
  time: Duration;
  /** How many requests a side answers at once. */
  workers: number;
  /** PHP opens no file outside of the site's own folders. */
  confined: boolean;
  /** More settings, as php.ini has them. */
  ini: Record<string, string>;
}

export type Serving = StaticServing | ProcessServing | PhpServing;

/** The account of a site's programs; null where it has none, or nothing says so. */
export function userOf(serve: Serving): string | null {
  return serve.kind === "static" ? null : serve.user;
}

export interface Task {
  run: string;
  on: "rehearsal" | "live";
  timeout: Duration;
  needs: string[];
}

export type Check =
  | { http: string; status: number; contains: string | null; within: Duration }
  | { files: string[] }
  | { shrinks: number }
  | { task: string };

export interface ConfigFile {
  /** Where it appears in the release. */
  path: string;
  content: string;
}

/** Absolute paths on the machine that serves. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** How an environment is answered for by https. */
export interface Tls {
  /** `acme`: `greenroom up` gets certificates for the domain and renews them. */
  own: "acme" | KeyPair;
  /** For the names below the domain, where the certificate above doesn't cover them. `acme`: a wildcard. */
  previews: "acme" | KeyPair | null;
}

/** Everything an operation needs to know of an environment, with nothing left to look up in the project. */
export interface EnvironmentSpec {
  project: string;
  environment: string;
  domain: string;
  /** The app serves subdomains of its own. */
  subdomains: boolean;
  previews: "secret" | "open";
  tls: Tls | null;
  /** How many releases stay on disk. */
  keep: number;
  switch: "manual" | "auto";
  servers: string[];
  serve: Serving;
  /** Variables for processes and tasks. */
  env: Record<string, string>;
  storage: string[];
  config: ConfigFile[];
  tasks: Record<string, Task>;
  checks: Check[];
  /** Names of tasks by moment: `before:switch`, `after:stage`, … */
  hooks: Record<string, string[]>;
}

/** What stays beside a staged release, so that its processes can be started again: the spec less its secrets. */
export type StagedSpec = Omit<EnvironmentSpec, "config"> & { config: string[]; files: PublicFiles };
