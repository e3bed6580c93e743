import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { previewHost, readSecret, refreshPreviews } from "../../src/environment/previews.ts";
import { at, type Site, siteOf } from "../../src/environment/site.ts";
import { temporaryFolder } from "../release/world.ts";

function newSite(...releases: string[]): Site {
  const site = siteOf(temporaryFolder(), "shop", "production");
  for (const release of releases) mkdirSync(at.release(site, release), { recursive: true });
  return site;
}

function previews(site: Site): Record<string, string> {
  return linksIn(site, (name) => !name.includes("@"));
}

function linksIn(site: Site, wanted: (name: string) => boolean): Record<string, string> {
  const names = readdirSync(at.previews(site)).filter(wanted).sort();
  return Object.fromEntries(names.map((name) => [name, readlinkSync(join(at.previews(site), name))]));
}

describe("previews", () => {
  test("carry a secret that stays the same, for the sides, the rehearsal and each release on disk", () => {
    const site = newSite("1", "2", ".spare-0");
    refreshPreviews(site, "secret");
    const secret = readSecret(site)!;
    expect(secret).toMatch(/^[a-z2-9]{12}$/);
    const wanted = {
      [`${secret}-1`]: "../releases/1",
      [`${secret}-2`]: "../releases/2",
      [`${secret}-blue`]: "../blue",
      [`${secret}-green`]: "../green",
      [`${secret}-rehearsal`]: "../rehearsal",
    };
    expect(previews(site)).toEqual(wanted);
    refreshPreviews(site, "secret");
    expect(previews(site)).toEqual(wanted);
    expect(previewHost(site, "shop.localhost", "2")).toBe(`${secret}-2.shop.localhost`);
  });

  test("are marked with the side that shows them, the rehearsal's by the traffic", () => {
    const site = newSite("1", "2", "3");
    symlinkSync("releases/1", at.side(site, "blue"));
    symlinkSync("releases/2", at.side(site, "green"));
    refreshPreviews(site, "open");
    expect(linksIn(site, (name) => name.includes("@"))).toEqual({
      "1@blue": "../blue",
      "2@green": "../green",
      "blue@blue": "../blue",
      "green@green": "../green",
      "rehearsal@blue": "../traffic/rehearsal.blue",
      "rehearsal@green": "../traffic/rehearsal.green",
    });
  });

  test("can be passed through and not listed by others", () => {
    const site = newSite("1");
    refreshPreviews(site, "secret");
    expect(statSync(at.previews(site)).mode & 0o777).toBe(0o711);
  });

  test("of two environments have different secrets", () => {
    const sites = [newSite("1"), newSite("1")];
    for (const site of sites) refreshPreviews(site, "secret");
    expect(readSecret(sites[0]!)).not.toBe(readSecret(sites[1]!));
  });

  test("follow releases that come and go", () => {
    const site = newSite("1", "2");
    refreshPreviews(site, "secret");
    rmSync(at.release(site, "1"), { recursive: true });
    mkdirSync(at.release(site, "3"));
    refreshPreviews(site, "secret");
    const secret = readSecret(site);
    expect(Object.keys(previews(site)).sort()).toEqual(
      ["2", "3", "blue", "green", "rehearsal"].map((place) => `${secret}-${place}`),
    );
  });

  test("have plain names where they are open", () => {
    const site = newSite("1");
    refreshPreviews(site, "open");
    expect(Object.keys(previews(site))).toEqual(["1", "blue", "green", "rehearsal"]);
    expect(readSecret(site)).toBe(null);
    expect(previewHost(site, "shop.localhost", "blue")).toBe("blue.shop.localhost");
  });

  test("leave no secret name behind when they become open, and no open one when they become secret", () => {
    const site = newSite("1");
    refreshPreviews(site, "secret");
    const old = readSecret(site);
    refreshPreviews(site, "open");
    expect(Object.keys(previews(site))).toEqual(["1", "blue", "green", "rehearsal"]);
    refreshPreviews(site, "secret");
    expect(readSecret(site)).not.toBe(old);
    expect(Object.keys(previews(site)).every((name) => name.startsWith(`${readSecret(site)}-`))).toBe(true);
    expect(Object.keys(previews(site))).toHaveLength(4);
  });

  test("aren't confused by releases that are called like sides", () => {
    const site = newSite("x-blue", "a-rehearsal", "green-blue");
    refreshPreviews(site, "secret");
    const secret = readSecret(site);
    refreshPreviews(site, "secret");
    expect(readSecret(site)).toBe(secret);
    expect(previews(site)[`${secret}-x-blue`]).toBe("../releases/x-blue");
    refreshPreviews(site, "open");
    expect(readSecret(site)).toBe(null);
  });

  test("are mended where a name leads elsewhere", () => {
    const site = newSite("1");
    refreshPreviews(site, "open");
    rmSync(join(at.previews(site), "1"));
    symlinkSync("../../../..", join(at.previews(site), "1"));
    refreshPreviews(site, "open");
    expect(previews(site)["1"]).toBe("../releases/1");
  });
});
