import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export { freePort } from "../../free-port.ts";

export interface Started {
  pid: number;
  stop(): Promise<void>;
}

/** An nginx whose `http` block somebody wrote by hand. */
export async function startNginx(dir: string, port: number, http: string): Promise<Started> {
  mkdirSync(join(dir, "tmp"), { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = join(dir, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; worker_processes auto;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http {
  ${temporary.map((what) => `${what}_temp_path ${dir}/tmp/${what};`).join(" ")}
  sendfile on; tcp_nopush on; keepalive_requests 100000;
  access_log ${dir}/access.log combined buffer=32k flush=1s;
  ${http}
}
`,
  );
  return start([findProgram("nginx")!, "-p", dir, "-c", config], port);
}

/** Resolves once it listens. */
export async function start(argv: string[], port: number): Promise<Started> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: "ignore" });
  const ended = once(child, "exit");
  while (child.exitCode === null && !(await listens(port))) await pause(10);
  if (child.exitCode !== null) throw new Error(`${argv.join(" ")} ended with ${child.exitCode}`);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { pid: child.pid!, stop };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

export function findProgram(name: string): string | null {
  const { stdout } = spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin" command -v ${name}`], {
    encoding: "utf8",
  });
  return stdout.trim() || null;
}
