import { createHash } from "node:crypto";
import { confValue, shellWord } from "../../serving/supervisord/quote.ts";
import type { Needs } from "./needs.ts";
import type { WrittenFile } from "./steps.ts";

/**
 * What starts `greenroom up` with the machine, and again whenever it ends: systemd; without it supervisord, which Debian
 * starts with the machine whatever its init is, and which restarts what ended, as no script in /etc/init.d would.
 */
export function upFile(needs: Needs, node: string, systemd: boolean): WrittenFile {
  const file = systemd ? unit(needs, node) : program(needs, node);
  return { ...file, sha256: createHash("sha256").update(file.content).digest("hex") };
}

/** Where such a file may be. */
export const UP_FILES = [
  "/etc/systemd/system/greenroom.service",
  "/etc/supervisor/conf.d/greenroom.conf",
] as const;

// systemd itself starts no program whose path holds a blank or the like.
function unit(needs: Needs, node: string) {
  return {
    path: UP_FILES[0],
    content: `# Written by greenroom provision. Changes are lost.
[Unit]
Description=Greenroom: serves websites' environments
Wants=network-online.target
After=network-online.target nginx.service supervisor.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/env ${words(needs, node).map(quoteForSystemd).join(" ")}
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=30

[Install]
WantedBy=multi-user.target
`,
  };
}

function program(needs: Needs, node: string) {
  return {
    path: UP_FILES[1],
    content: `; Written by greenroom provision. Changes are lost.
[program:greenroom]
command=${confValue(words(needs, node).map(shellWord).join(" "))}
directory=/
autostart=true
autorestart=true
startsecs=1
; nginx may start after it.
startretries=100
stopwaitsecs=30
redirect_stderr=true
stdout_logfile=${UP_LOG}
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
`,
  };
}

/** What `greenroom up` says where systemd doesn't keep it. */
export const UP_LOG = "/var/log/supervisor/greenroom.log";

function words({ root, files: [program] }: Needs, node: string): string[] {
  return [node, program.path, "up", "--root", root];
}

/** `%` begins what systemd puts something in for, `$` a variable. */
function quoteForSystemd(word: string): string {
  const plain = word.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n");
  return `"${plain.replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}
