import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { hasNginx, makeNginxWorld } from "./nginx-world.ts";

const NAMES = ["bücher", "a b", "it's", "(x)", "a+b", "~up", "100%", "a,b=c", "#x"];

describe.skipIf(!hasNginx)("folders with odd names (else skipped: needs nginx)", { timeout: 60_000 }, () => {
  test("are served from a release and from storage, by their own names only", async () => {
    const shop = await makeNginxWorld();
    const up = await shop.up();
    for (const [i, name] of NAMES.entries()) {
      const storage = `${name}/kept`;
      shop.write({
        "greenroom.json": {
          project: "odd",
          serve: { kind: "static", public: `pub ${name}`, immutable: [`${name}/never`] },
          storage: [`pub ${name}/${storage}`],
          environments: { production: { domain: "odd.localhost" } },
        },
        [`pub ${name}/page.txt`]: `page ${i}`,
        [`pub ${name}/${name}/never/file.txt`]: `never ${i}`,
        [`pub ${name}/${storage}/file.txt`]: `kept ${i}`,
      });
      const done = await shop.greenroom("deploy", "--switch");
      expect(done, done.stdout).toMatchObject({ exit: 0 });
      const get = async (path: string) => {
        const page = await ask(up.port, "odd.localhost", path.split("/").map(encodeURIComponent).join("/"));
        return [page.body, page.headers["cache-control"]];
      };
      expect(await get("/page.txt")).toEqual([`page ${i}`, "no-cache"]);
      expect((await get(`/${name}/never/file.txt`))[0]).toBe(`never ${i}`);
      expect((await get(`/${name}/never/file.txt`))[1]).toMatch(/immutable/);
      expect((await get(`/${storage}/file.txt`))[0]).toBe(`kept ${i}`);
      rmSync(join(shop.project, `pub ${name}`), { recursive: true });
    }
  });

  test("that were staged before they were refused keep nobody else from being served", async () => {
    const shop = await makeNginxWorld();
    const first = await shop.up();
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    const good = (await ask(first.port, "shop.localhost")).body;
    const environments = { production: { domain: "other.localhost" } };
    mkdirSync(join(shop.project, "site"));
    shop.write({
      "greenroom.json": { project: "other", serve: { kind: "static", public: "site" }, environments },
      "site/index.html": "other",
    });
    expect(await shop.greenroom("deploy", "production")).toMatchObject({ exit: 0 });
    const config = join(shop.root, "sites/other/production/config");
    const staged = join(
      config,
      `${(await shop.greenroom("status")).result.environments[0].live.release}.json`,
    );
    const spec = readFileSync(staged, "utf8");
    writeFileSync(staged, spec.replace('"public": "site"', '"public": "$site"'));
    expect(readFileSync(staged, "utf8")).not.toBe(spec);
    expect(await first.stop()).toBe(0);
    const second = await shop.up();
    expect((await ask(second.port, "shop.localhost")).body).toBe(good);
    expect((await ask(second.port, "other.localhost")).body).toBe("other");
  });
});
