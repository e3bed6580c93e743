import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { appendJournal } from "../../../src/environment/journal.ts";
import { readAccessLog } from "../../../src/environment/logs/access-log.ts";
import { at, type Site, siteOf } from "../../../src/environment/site.ts";
import { temporaryFolder } from "../../release/world.ts";

function newSite(logs: Record<string, string[]>): Site {
  const site = siteOf(temporaryFolder(), "shop", "production");
  mkdirSync(at.log(site, ""), { recursive: true });
  for (const [name, lines] of Object.entries(logs)) {
    writeFileSync(at.log(site, name), lines.map((line) => `${line}\n`).join(""));
  }
  return site;
}

const line = (uri: string, more: object = {}) =>
  JSON.stringify({
    at: "2026-11-21T10:00:05+01:00",
    host: "shop.localhost",
    bucket: "07",
    side: "blue",
    method: "GET",
    uri,
    status: 200,
    bytes: 123,
    seconds: "0.012",
    upstreamSeconds: "",
    from: "127.0.0.1",
    id: "1",
    ...more,
  });

const urisOf = (site: Site, count: number) => readAccessLog(site, count).map(({ uri }) => uri);

describe("the access log", () => {
  test("is read from its end, through logs that were moved aside", () => {
    const site = newSite({
      "access.log": [line("/5"), line("/6")],
      "access.log.1": [line("/3"), line("/4")],
      "access.log.2": [line("/1"), line("/2")],
    });
    expect(urisOf(site, 1)).toEqual(["/6"]);
    expect(urisOf(site, 3)).toEqual(["/4", "/5", "/6"]);
    expect(urisOf(site, 100)).toEqual(["/1", "/2", "/3", "/4", "/5", "/6"]);
  });

  test("may be long, and its lines too", () => {
    const uris = Array.from({ length: 300 }, (_, i) => `/${i}${"x".repeat(1000)}`);
    const site = newSite({ "access.log": uris.map((uri) => line(uri)) });
    expect(urisOf(site, 250)).toEqual(uris.slice(50));
  });

  test("is nothing where nobody wrote it, and torn lines are passed over", () => {
    expect(urisOf(newSite({}), 10)).toEqual([]);
    const torn = ["null", "5", line("/1").slice(0, 50), line("/2"), ""];
    expect(urisOf(newSite({ "access.log": torn }), 10)).toEqual(["/2"]);
  });

  test("tells each request's release, and times in milliseconds", () => {
    const site = newSite({
      "access.log": [line("/", { upstreamSeconds: "0.001, 0.004" }), line("/", { bucket: "", side: "" })],
    });
    const id = "a";
    const steps = [{ do: "point", side: "blue", release: "v1" } as const];
    const began = "2026-11-21T09:00:00.000Z";
    appendJournal(
      site,
      { event: "begin", id, at: began, by: "", operation: "stage", detail: {}, steps },
      false,
    );
    appendJournal(site, { event: "step", id, at: began, index: 0 }, false);
    const [first, second] = readAccessLog(site, 2);
    expect(first).toMatchObject({ release: "v1", side: "blue", bucket: "07", ms: 12, upstreamMs: 5 });
    expect(second).toMatchObject({ release: null, side: null, bucket: null, upstreamMs: null });
  });
});
