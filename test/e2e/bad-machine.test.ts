import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { lacksMachine } from "./machine.ts";
import { makeServer, NOBODY, type Server } from "./server.ts";

const lacks = lacksMachine();
const NGINX = ["setup", "--yes", "--router", "nginx"];
const SUPERVISORD = ["setup", "--yes", "--supervisor", "supervisord"];

const SITE = { project: "shop", environments: { production: { domain: "shop.example" } } };

interface Case {
  title: string;
  /** What is wrong. */
  wrong?: (server: Server) => unknown;
  as?: string[];
  /** What the root is called. */
  name?: string;
  argv: string[];
  exit: number;
  code: string;
  says: RegExp;
  hint: RegExp;
}

const edit = ({ machine }: Server, path: string, change: (text: string) => string) =>
  writeFileSync(join(machine.dir, path), change(readFileSync(join(machine.dir, path), "utf8")));

const put = ({ machine }: Server, path: string, text: string) => writeFileSync(join(machine.dir, path), text);

/** Hides all programs of a folder. */
const hide = ({ machine }: Server, folder: string) => machine.sh("mount", "-t", "tmpfs", "none", folder);

const CASES: Case[] = [
  {
    title: "nginx isn't installed",
    wrong: (server) => hide(server, "/usr/sbin"),
    argv: NGINX,
    exit: 21,
    code: "TOOL_MISSING",
    says: /nginx isn't installed/,
    hint: /apt install nginx/,
  },
  {
    title: "nginx is too old",
    wrong(server) {
      hide(server, "/usr/sbin");
      server.machine.sh(
        "sh",
        "-c",
        'printf "#!/bin/sh\\necho nginx version: nginx/1.14.2 >&2" > /usr/sbin/nginx; chmod +x /usr/sbin/nginx',
      );
    },
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /nginx 1\.14 is too old/,
    hint: /1\.18/,
  },
  {
    title: "nginx doesn't run",
    wrong: ({ machine }) => machine.stop("nginx"),
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /nginx doesn't run/,
    hint: /systemctl start nginx/,
  },
  {
    title: "nginx doesn't read what is added to it",
    wrong: (server) =>
      edit(server, "etc/nginx/nginx.conf", (text) => text.replace("include /etc/nginx/conf.d/*.conf;", "")),
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /doesn't read \/etc\/nginx\/conf\.d\/greenroom\.conf/,
    hint: /include \/etc\/nginx\/conf\.d\/\*\.conf;/,
  },
  {
    title: "nginx has no place where it could be added",
    wrong: ({ machine }) => rmSync(join(machine.dir, "etc/nginx/conf.d"), { recursive: true }),
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /doesn't read/,
    hint: /include/,
  },
  {
    title: "nginx refuses what it has already",
    wrong: (server) => put(server, "etc/nginx/conf.d/broken.conf", "nonsense on;"),
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /already.*unknown directive "nonsense" in \/etc\/nginx\/conf\.d\/broken\.conf:1/s,
    hint: /mend what nginx names/,
  },
  {
    title: "nginx refuses what is added",
    wrong: (server) =>
      put(
        server,
        "etc/nginx/conf.d/other.conf",
        "map $uri $greenroom_trusted { default 1; }\nlog_format greenroom x;",
      ),
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /duplicate "log_format" name "greenroom" in \/etc\/nginx\/conf\.d\/other\.conf:2/,
    hint: /before is back/,
  },
  {
    title: "something else is where its file belongs",
    wrong: (server) => put(server, "etc/nginx/conf.d/greenroom.conf", "# somebody's\n"),
    argv: NGINX,
    exit: 2,
    code: "FILE_EXISTS",
    says: /greenroom\.conf is there/,
    hint: /--unprivileged/,
  },
  {
    title: "nginx's account can't get at the root",
    wrong: ({ dir }) => chmodSync(dir, 0o700),
    argv: NGINX,
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /nginx runs as www-data, which can't enter \/tmp\/greenroom-e2e/,
    hint: /chmod o\+x \/tmp/,
  },
  {
    title: "another program has the port",
    wrong: listenElsewhere,
    argv: [...NGINX, "--listen", "127.0.0.1:8081"],
    exit: 18,
    code: "PORT_TAKEN",
    says: /127\.0\.0\.1:8081.*in use/,
    hint: /--listen/,
  },
  {
    title: "another program has the port, and the nginx is our own",
    wrong: async (server) => {
      await server.greenroom(...NGINX, "--listen", "127.0.0.1:8081", "--unprivileged");
      await listenElsewhere(server);
    },
    argv: ["up"],
    exit: 18,
    code: "PORT_TAKEN",
    says: /127\.0\.0\.1:8081.*in use/,
    hint: /--listen/,
  },
  {
    title: "an account may not listen on the port",
    wrong: (server) => server.greenroom(...NGINX, "--listen", "127.0.0.1:81", "--unprivileged"),
    as: NOBODY,
    argv: ["up"],
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /127\.0\.0\.1:81.*this account may not/s,
    hint: /--listen 127\.0\.0\.1:8080/,
  },
  {
    title: "an account may not tell the machine's nginx anything",
    as: NOBODY,
    argv: NGINX,
    exit: 18,
    code: "ROUTER_REFUSED",
    says: /only root can tell/,
    hint: /--unprivileged/,
  },
  {
    title: "an account may not tell the machine's supervisord anything",
    as: NOBODY,
    argv: SUPERVISORD,
    exit: 18,
    code: "SUPERVISOR_REFUSED",
    says: /this account may not use it/,
    hint: /as root.*--unprivileged/,
  },
  {
    title: "an account has no rights in the root",
    wrong(server) {
      setUpByRoot(server);
      server.write({ "greenroom.json": SITE, "index.html": "x" });
    },
    as: NOBODY,
    argv: ["deploy"],
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /root can't be used/,
    hint: /account that owns it/,
  },
  {
    title: "an account would serve a root in which it has no rights",
    wrong: setUpByRoot,
    as: NOBODY,
    argv: ["up"],
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /root can't be used/,
    hint: /account that owns it/,
  },
  {
    title: "what was set up is no more than nonsense",
    wrong({ root }) {
      mkdirSync(root);
      writeFileSync(join(root, "machine.json"), '{ "router": "apache" }');
    },
    argv: ["up"],
    exit: 2,
    code: "CONFIG_INVALID",
    says: /machine\.json: router/,
    hint: /greenroom setup --remove/,
  },
  {
    title: "nginx has stopped, and a doctor is asked",
    async wrong(server) {
      await server.greenroom(...NGINX);
      server.write({ "greenroom.json": SITE });
      await server.machine.stop("nginx");
    },
    argv: ["doctor"],
    exit: 23,
    code: "DOCTOR_FAILED",
    says: /broken {2}nginx: the machine's nginx doesn't run/,
    hint: /systemctl start nginx/,
  },
  {
    title: "supervisord has stopped, and a doctor is asked",
    async wrong(server) {
      await server.greenroom(...SUPERVISORD);
      server.write({ "greenroom.json": SITE });
      await server.machine.stop("supervisord");
    },
    argv: ["doctor"],
    exit: 23,
    code: "DOCTOR_FAILED",
    says: /broken {2}supervisord: .*nothing listens there/,
    hint: /systemctl start supervisor/,
  },
  {
    title: "supervisord doesn't run",
    wrong: ({ machine }) => machine.stop("supervisord"),
    argv: SUPERVISORD,
    exit: 18,
    code: "SUPERVISOR_REFUSED",
    says: /can't be reached at \/var\/run\/supervisor\.sock: nothing listens there/,
    hint: /systemctl start supervisor/,
  },
  {
    title: "supervisord doesn't read what is added to it",
    wrong: (server) =>
      edit(server, "etc/supervisor/supervisord.conf", (text) =>
        text.replace(/conf\.d\/\*\.conf/g, "other/*.conf"),
      ),
    argv: SUPERVISORD,
    exit: 18,
    code: "SUPERVISOR_REFUSED",
    says: /reads nothing in \/etc\/supervisor\/conf\.d/,
    hint: /files = \/etc\/supervisor\/conf\.d\/\*\.conf/,
  },
  {
    title: "the root's path is too long for nginx's sockets",
    name: "r".repeat(150),
    argv: NGINX,
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /hold\.sock would be \d+ bytes longer than the kernel takes/,
    hint: /shorter root/,
  },
  {
    title: "the root's path is too long for supervisord's socket",
    name: "r".repeat(150),
    argv: [...SUPERVISORD, "--unprivileged"],
    exit: 20,
    code: "ROOT_UNUSABLE",
    says: /supervisord\.sock would be \d+ bytes longer than the kernel takes/,
    hint: /shorter root/,
  },
];

/** As root, whoever gives the next command. */
function setUpByRoot({ machine, project, root }: Server): void {
  const greenroom = [process.execPath, resolve("dist/greenroom.mjs"), ...NGINX];
  machine.sh(...greenroom, "--listen", "80", "--root", root, "--project", project);
}

async function listenElsewhere({ machine: { via } }: Server): Promise<void> {
  const script = 'require("net").createServer().listen(8081, "127.0.0.1", () => console.log("ready"))';
  const [program, ...args] = [...via, process.execPath, "-e", script];
  const other = spawn(program!, args, { stdio: ["ignore", "pipe", "ignore"] });
  await new Promise((ready) => other.stdout.once("data", ready));
}

/** What somebody decided: what programs write to run isn't among it. */
function contentsOf(server: Server): string {
  const machine = join(server.root, "machine.json");
  return `${server.snapshot()}\n${existsSync(machine) ? readFileSync(machine, "utf8") : "never set up"}`;
}

describe.skipIf(lacks)(`a machine that can't do it (else skipped: ${lacks})`, { timeout: 60_000 }, () => {
  test.each(CASES)("$title", async ({ wrong, as, name, argv, exit, code, says, hint }) => {
    const server = await makeServer({ ...(as && { as }), ...(name && { name }) });
    await wrong?.(server);
    const before = contentsOf(server);
    const answer = await server.greenroom(...argv);
    const { error } = answer;
    expect([answer.exit, error?.code], answer.stdout).toEqual([exit, code]);
    expect([error?.message, ...(error?.detail ?? [])].join("\n")).toMatch(says);
    expect(error?.hint).toMatch(hint);
    expect(contentsOf(server)).toBe(before);
  });

  test.each([[NGINX], [SUPERVISORD]])("where nothing is wrong it is set up: %s", async (argv) => {
    const server = await makeServer();
    const before = contentsOf(server);
    const done = await server.greenroom(...argv, "--listen", "80");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    expect(contentsOf(server)).not.toBe(before);
  });

  test("what root has set up, another account can't undo", async () => {
    const server = await makeServer({ as: NOBODY });
    setUpByRoot(server);
    const before = contentsOf(server);
    const { error } = await server.greenroom("setup", "--yes", "--remove");
    expect(error).toMatchObject({ code: "ROUTER_REFUSED", message: expect.stringContaining("only root") });
    expect(contentsOf(server)).toBe(before);
  });
});
