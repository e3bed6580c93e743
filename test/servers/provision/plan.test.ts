import { describe, expect, test } from "vitest";
import type { Facts } from "../../../src/servers/provision/facts.ts";
import type { Needs } from "../../../src/servers/provision/needs.ts";
import { planProvision } from "../../../src/servers/provision/plan.ts";
import { describeStep, type Step } from "../../../src/servers/provision/steps.ts";
import { UP_FILES } from "../../../src/servers/provision/up-service.ts";
import { parseMachine } from "../../../src/serving/machine.ts";

const ROOT = "/srv/greenroom";

const BARE: Facts = {
  architecture: "amd64",
  systemd: true,
  ipv6: false,
  unfinished: false,
  installed: [],
  along: ["nginx", "nginx-common", "rsync"],
  alongWithNode: ["nginx", "nginx-common", "rsync", "nodejs", "libnode115"],
  node: null,
  isNodeNamed: false,
  nodePackage: { installed: "", candidate: "18.20.4+dfsg-1~deb12u1" },
  webUser: true,
  isAccountReady: false,
  owner: null,
  files: {},
  daemons: {},
  machine: null,
  isSetUp: false,
  isUp: false,
  startsUp: false,
  firewall: null,
};

const NEEDS: Needs = {
  root: ROOT,
  packages: ["nginx", "rsync"],
  daemons: ["nginx"],
  account: null,
  as: null,
  files: [{ path: `${ROOT}/bin/greenroom.mjs`, sha256: "a" }],
  supervises: false,
  tls: false,
  listen: null,
  listenTls: null,
  firewall: false,
  sshPort: 22,
  lines: [],
};

function plan(facts: Partial<Facts> = {}, needs: Partial<Needs> = {}, isUpdated = false): Step[] {
  return planProvision({ ...BARE, ...facts }, { ...NEEDS, ...needs }, isUpdated);
}

const kinds = (steps: Step[]) => steps.map((step) => step.do);
const only = <K extends Step["do"]>(steps: Step[], kind: K) =>
  steps.find((step): step is Extract<Step, { do: K }> => step.do === kind);

/** What a server looks like once all of a plan was done. */
function done(steps: Step[]): Partial<Facts> {
  const { file } = only(steps, "up")!;
  return {
    installed: [...NEEDS.packages, "nodejs", "supervisor"],
    node: { path: `${ROOT}/bin/node`, version: "24.21.0" },
    isNodeNamed: true,
    owner: "root",
    files: { [file.path]: file.sha256, [NEEDS.files[0].path]: "a" },
    daemons: { nginx: true },
    machine: parseMachine({ router: "nginx", listen: ["80"] }),
    isSetUp: true,
    isUp: true,
    startsUp: true,
  };
}

describe("what a server is made ready by", () => {
  test("is all there is to do on a bare one, and nothing once that is done", () => {
    const steps = plan();
    expect(kinds(steps)).toEqual(["lists", "install", "folder", "node", "link", "send", "setup", "up"]);
    expect(only(steps, "install")).toMatchObject({ packages: ["nginx", "rsync"], along: ["nginx-common"] });
    expect(plan(done(steps))).toEqual([]);
  });

  test("is only what is lacking", () => {
    const has = done(plan());
    expect(kinds(plan({ ...has, isUp: false }))).toEqual(["up"]);
    expect(kinds(plan({ ...has, startsUp: false }))).toEqual(["up"]);
    expect(kinds(plan({ ...has, daemons: { nginx: false, apache2: false } }))).toEqual(["start"]);
    expect(kinds(plan({ ...has, unfinished: true }))).toEqual(["mend"]);
    expect(kinds(plan({ ...has, webUser: false }))).toEqual(["web-user"]);
    const more = { packages: [...NEEDS.packages, "tree"] };
    expect(kinds(plan(has, more))).toEqual(["lists", "install"]);
    expect(kinds(plan(has, more, true))).toEqual(["install"]);
  });

  test("has greenroom up run by a new program where that has changed", () => {
    const files = [{ path: `${ROOT}/bin/newer.mjs`, sha256: "b" }] as Needs["files"];
    expect(kinds(plan(done(plan()), { files }))).toEqual(["send", "up"]);
  });

  test("takes the distribution's Node.js where that is new enough, else the pinned one", () => {
    const newer = { nodePackage: { installed: "", candidate: "20.19.2+dfsg-1" } };
    const install = only(plan(newer), "install")!;
    expect(install.packages).toContain("nodejs");
    expect(install.along).toEqual(["nginx-common", "libnode115"]);
    expect(kinds(plan(newer))).not.toContain("node");
    expect(only(plan(newer), "up")!.file.content).toContain('"/usr/bin/node"');
    expect(only(plan(), "up")!.file.content).toContain(`"${ROOT}/bin/node"`);
    // Something older is found before it.
    const shadowed = { node: { path: "/usr/local/bin/node", version: "18.0.0" }, isNodeNamed: true };
    const both = { nodePackage: { installed: "20.19.2+dfsg-1", candidate: "20.19.2+dfsg-1" } };
    expect(kinds(plan({ ...shadowed, ...both }))).toContain("node");
    // Who has a node of that name keeps it.
    expect(kinds(plan({ ...shadowed, ...both }))).not.toContain("link");
  });

  test("has supervisord keep greenroom up where there is no systemd", () => {
    const steps = plan({ systemd: false });
    expect(only(steps, "install")!.packages).toContain("supervisor");
    expect(only(steps, "up")!.file.path).toBe(UP_FILES[1]);
    expect(only(plan(), "up")!.file.path).toBe(UP_FILES[0]);
  });

  test("leaves where a server listens as it is, and adds https where an environment has it", () => {
    const argv = (facts: Partial<Facts>, needs: Partial<Needs> = {}) =>
      only(plan(facts, needs), "setup")!.argv;
    expect(argv({})).toContain("--listen=80");
    expect(argv({ ipv6: true })).toContain("--listen=80,[::]:80");
    expect(argv({}, { tls: true })).toContain("--listen-tls=443");
    const machine = parseMachine({ router: "nginx", listen: ["127.0.0.1:8080"], listenTls: ["8443"] });
    expect(argv({ machine })).toEqual(
      expect.arrayContaining(["--listen=127.0.0.1:8080", "--listen-tls=8443"]),
    );
    expect(argv({ machine }, { listen: "81" })).toContain("--listen=81");
    expect(argv({})).not.toContain("--supervisor=supervisord");
    expect(argv({}, { supervises: true })).toContain("--supervisor=supervisord");
  });

  test("lets ssh through a firewall before that is turned on, and changes no rule", () => {
    const steps = plan({}, { firewall: true, sshPort: 2222 });
    expect(kinds(steps).slice(-3)).toEqual(["allow", "allow", "firewall"]);
    expect(steps.at(-3)).toEqual({ do: "allow", port: 2222 });
    const firewall = { on: true, rules: ["allow 2222/tcp", "allow 80/tcp", "deny 9999"] };
    const installed = [...NEEDS.packages, "ufw"];
    const ready = { ...done(plan()), installed, firewall };
    expect(plan(ready, { firewall: true, sshPort: 2222 })).toEqual([]);
    expect(() => plan({}, { firewall: true, sshPort: null })).toThrow(/which port ssh/);
    const loopback = plan({}, { firewall: true, listen: "127.0.0.1:80" });
    expect(loopback.filter((step) => step.do === "allow")).toEqual([{ do: "allow", port: 22 }]);
  });

  test("runs a line of the user's once", () => {
    const lines = [
      { line: "one", mark: "/m/1" },
      { line: "two", mark: "/m/2" },
    ];
    const has = done(plan());
    const ran = { ...has, files: { ...has.files, "/m/1": "x" } };
    expect(plan(ran, { lines })).toEqual([{ do: "run", ...lines[1] }]);
  });

  test("makes no account but one that was asked for, and takes no root that is somebody else's", () => {
    const asked = { account: "deploy", as: "root" };
    expect(only(plan({}, asked), "account")).toMatchObject({ name: "deploy", like: "root" });
    expect(kinds(plan({ isAccountReady: true }, asked))).not.toContain("account");
    expect(kinds(plan())).not.toContain("account");
    expect(() => plan({ owner: "www-data" })).toThrow(/belongs to www-data/);
  });

  test("is told in words, each step another", () => {
    const steps = plan({ systemd: false, webUser: false, unfinished: true }, { firewall: true });
    const words = steps.map(describeStep);
    expect(new Set(words).size).toBe(words.length);
    expect(words).toContain("install nginx, rsync, supervisor, ufw; along with them nginx-common");
  });
});
