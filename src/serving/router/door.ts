import { realpathSync } from "node:fs";
import { readJson } from "../../disk/durable.ts";
import type { SideDoor } from "../../environment/parts.ts";
import { at, type Identity, siteName, siteOf } from "../../environment/site.ts";
import { GreenroomError } from "../../errors.ts";
import { answer, createKept } from "./answer.ts";
import { createHttpServer } from "./server.ts";
import { readSide } from "./visit.ts";

export function createDoor(): SideDoor {
  return {
    async open({ root, project, environment }, side) {
      const site = siteOf(realpathSync(root), project, environment);
      const domain = readJson<Identity>(at.identity(site))?.domain;
      if (!domain)
        throw new GreenroomError("ENVIRONMENT_MISSING", `${siteName(site)} has no environment.json`);
      const kept = createKept();
      const server = createHttpServer((req, res, wire) => {
        const visit = readSide(site, side, domain, [], kept.releases);
        if (!visit) throw new Error(`${siteName(site)} has nothing on its ${side} side`);
        req.headers.host = domain;
        return answer(kept, visit, { req, res, wire, insider: true });
      });
      const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
      return {
        url: `http://127.0.0.1:${port}`,
        async close() {
          await server.close(0);
          kept.upstreams.close();
        },
      };
    },
  };
}
