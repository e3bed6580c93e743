import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenHosts } from "../test/open-hosts.ts";
import { runQuietly } from "./cli.ts";

/** Brings what changed to a server, and shows it to visitors: the whole command that somebody gives. */
export type Deploy = (port: number, round: number) => Promise<void>;

/** Capistrano with its git strategy, as its own `cap install` sets it up, keeping as many releases as ours. */
export function makeCapistrano(dir: string, project: string, hosts: OpenHosts): Deploy {
  const [server] = hosts.servers;
  const [user, address] = server!.ssh.split("@");
  const repository = join(dir, "deployed.git");
  git("init", "-q", "-b", "main", project);
  git("init", "-q", "--bare", "-b", "main", repository);
  git("-C", project, "remote", "add", "origin", repository);
  commit(project);
  const own = join(dir, "capistrano");
  mkdirSync(join(own, "config/deploy"), { recursive: true });
  writeFileSync(
    join(own, "Capfile"),
    `require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/git"
install_plugin Capistrano::SCM::Git
`,
  );
  const keys = join(server!.root, "../../user");
  writeFileSync(
    join(own, "config/deploy.rb"),
    `set :application, "bench"
set :repo_url, "file://${repository}"
set :branch, "main"
set :deploy_to, "${join(server!.root, "../capistrano")}"
set :keep_releases, 2
set :ssh_options, { keys: ["${keys}"], keys_only: true, user_known_hosts_file: "${join(keys, "../known_hosts")}" }
`,
  );
  return async (port) => {
    writeFileSync(
      join(own, "config/deploy/production.rb"),
      `server "${address}", user: "${user}", port: ${port}, roles: %w{app}\n`,
    );
    await runQuietly(["env", "-C", own, "cap", "production", "deploy"]);
  };
}

/** Capistrano deploys what was pushed. */
export function commit(project: string): void {
  const who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
  git("-C", project, "add", "-A");
  git("-C", project, ...who, "commit", "-qm", "round");
  git("-C", project, "push", "-q", "origin", "main");
}

function git(...words: string[]): void {
  spawnSync("git", words, { stdio: ["ignore", "ignore", "inherit"] });
}
