import type { SideDoor } from "../../environment/parts.ts";
import { sendPage } from "../router/pages.ts";
import { forward } from "../router/proxy.ts";
import { createHttpServer } from "../router/server.ts";
import { createUpstreams } from "../router/upstream.ts";
import { previewOf } from "./preview.ts";

/** An address of this machine at which nginx shows a side, as its preview does. */
export function createPhpDoor(): SideDoor {
  return {
    async open(site, side) {
      const { host, target } = previewOf(site, side);
      const upstreams = createUpstreams();
      const server = createHttpServer((req, res) => {
        const onUnreachable = () =>
          sendPage(req, res, { status: 502, title: "nginx doesn't answer at the moment" });
        forward({ req, res, upstreams, address: target, appHost: host, extra: [], onUnreachable });
      });
      const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
      return {
        url: `http://127.0.0.1:${port}`,
        async close() {
          await server.close(0);
          upstreams.close();
        },
      };
    },
  };
}
