import { existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  assertDomainFree,
  ensureRoles,
  ensureSite,
  forgetHosts,
  identityOf,
  writeIdentity,
} from "../../src/environment/identity.ts";
import { at, siteOf } from "../../src/environment/site.ts";
import { readState } from "../../src/environment/state.ts";
import { temporaryFolder } from "../release/world.ts";
import { errorOf, specOf } from "./world.ts";

function newSite(root = temporaryFolder(), environment = "production") {
  const site = siteOf(root, "shop", environment);
  ensureSite(site);
  return site;
}

const named = (domain: string, environment = "production") => identityOf(specOf({ domain, environment }));

describe("an environment's domain", () => {
  test("leads to it", () => {
    const site = newSite();
    writeIdentity(site, named("shop.localhost"));
    expect(realpathSync(join(at.hosts(site.root), "shop.localhost"))).toBe(realpathSync(site.dir));
    expect(readState(site).identity).toEqual(named("shop.localhost"));
  });

  test("changes, and the old one leads nowhere", () => {
    const site = newSite();
    writeIdentity(site, named("old.localhost"));
    writeIdentity(site, named("new.localhost"));
    expect(readdirSync(at.hosts(site.root))).toEqual(["new.localhost"]);
    expect(readState(site).identity?.domain).toBe("new.localhost");
  });

  test("isn't taken from another environment, and that one keeps what it has", () => {
    const site = newSite();
    const staging = newSite(site.root, "staging");
    writeIdentity(site, named("shop.localhost"));
    writeIdentity(staging, named("staging.localhost", "staging"));
    const error = errorOf(() => writeIdentity(staging, named("shop.localhost", "staging")));
    expect([error.code, error.message]).toEqual([
      "DOMAIN_TAKEN",
      "shop.localhost belongs to shop/production",
    ]);
    expect(readlinkSync(join(at.hosts(site.root), "shop.localhost"))).toBe("../sites/shop/production");
    expect(readState(staging).identity?.domain).toBe("staging.localhost");
  });

  test("is free for itself and where nobody has it", () => {
    const site = newSite();
    writeIdentity(site, named("shop.localhost"));
    assertDomainFree(site, "shop.localhost");
    assertDomainFree(site, "other.localhost");
    assertDomainFree(siteOf(temporaryFolder(), "shop", "production"), "shop.localhost");
  });

  test("is forgotten with it, and no other's is", () => {
    const site = newSite();
    const staging = newSite(site.root, "staging");
    writeIdentity(site, named("shop.localhost"));
    writeIdentity(staging, named("staging.localhost", "staging"));
    forgetHosts(site);
    expect(readdirSync(at.hosts(site.root))).toEqual(["staging.localhost"]);
  });
});

describe("making an environment's folders", () => {
  test("may be done again, and lets people find their way before anything is live", () => {
    const site = newSite();
    ensureSite(site);
    for (let times = 0; times < 2; times++) ensureRoles(site);
    expect(readlinkSync(join(site.dir, "current"))).toBe("traffic/live");
    expect(readlinkSync(join(site.dir, "rehearsal"))).toBe("blue");
    for (const folder of ["releases", "run", "storage", "config", "log"]) {
      expect(existsSync(join(site.dir, folder))).toBe(true);
    }
  });

  test("mends one that is half made", () => {
    const site = siteOf(temporaryFolder(), "shop", "production");
    mkdirSync(join(site.dir, "run"), { recursive: true });
    ensureSite(site);
    expect(existsSync(at.releases(site))).toBe(true);
  });
});
