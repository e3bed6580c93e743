import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ensurePort } from "../../../src/environment/ports.ts";
import { ask, hear, keepAlive, say, until } from "../router/client.ts";
import {
  type App,
  endApp,
  makeStagedWorld,
  PROCESS,
  type RouterName,
  startApp,
  startAppOn,
} from "../router/world.ts";
import { describeRouters } from "./routers.ts";

async function serveApp(router: RouterName, app: App, serve = PROCESS) {
  const world = makeStagedWorld(serve);
  const server = await startApp(world.site, "blue", app);
  return { ...world, server, ...(await world.start(router)) };
}

describeRouters("a process", (router) => {
  test("gets method, target and body as they were sent, and its answer comes back so", async () => {
    const { port } = await serveApp(router, async (req, res) => {
      const body = (await req.toArray()).join("");
      res.writeHead(201, { "X-App": "yes" }).end(`${req.method} ${req.url} ${body}`);
    });
    const answer = await ask(port, "/a/../b//c%2f?q=%20", { method: "PATCH", body: "sent" });
    expect(answer).toMatchObject({ status: 201, headers: { "x-app": "yes" } });
    expect(answer.body).toBe("PATCH /a/../b//c%2f?q=%20 sent");
    expect(await ask(port, "/x", { method: "HEAD" })).toMatchObject({ status: 201, body: "" });
  });

  test("is told who asks, and believes only its own machine", async () => {
    const { port } = await serveApp(router, (req, res) => res.end(JSON.stringify(req.headers)));
    const tell = async (headers: Record<string, string>) =>
      JSON.parse((await ask(port, "/", { host: "SHOP.localhost:81", headers })).body);
    expect(await tell({})).toMatchObject({
      host: "SHOP.localhost:81",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "SHOP.localhost:81",
    });
    const claims = { Forwarded: "for=x", "X-Real-IP": "198.51.100.9", "X-Forwarded-Port": "443" };
    expect(await tell(claims)).toMatchObject({ forwarded: "for=x", "x-real-ip": "198.51.100.9" });
    const behind = { "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https" };
    expect(await tell(behind)).toMatchObject({
      "x-forwarded-for": "198.51.100.7, 127.0.0.1",
      "x-forwarded-proto": "https",
    });
  });

  test.each(["announced", "chunked"])("gets a big body that is %s, and sends one", async (how) => {
    const { port } = await serveApp(router, async (req, res) => {
      res.end(Buffer.concat((await req.toArray()) as Buffer[]));
    });
    const body = Buffer.alloc(3_000_000, "0123456789");
    const headers: Record<string, string> = how === "chunked" ? { "Transfer-Encoding": "chunked" } : {};
    const answer = await ask(port, "/", { method: "POST", body, headers });
    expect(answer.body === body.toString()).toBe(true);
  });

  test("streams: each part of an answer, and of a body, arrives when it is sent", async () => {
    const got: string[] = [];
    let more = () => {};
    const { port } = await serveApp(router, (req, res) => {
      req.on("data", (chunk: Buffer) => got.push(chunk.toString()));
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.write("data: 1\n\n");
      more = () => res.end("data: 2\n\n");
    });
    const head = "Host: shop.localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    const socket = say(port, `POST / HTTP/1.1\r\n${head}3\r\none\r\n`);
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    await until(() => got.join("") === "one" && heard.includes("data: 1"), "the first parts have arrived");
    socket.write("3\r\ntwo\r\n0\r\n\r\n");
    await until(() => got.join("") === "onetwo", "the second part has arrived");
    more();
    await until(() => heard.includes("data: 2"), "the answer has ended");
  });

  test("waits for a slow visitor without holding the answer in memory", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1 << 20);
    const { port } = await serveApp(router, (_, res) => {
      const go = () => {
        while (sent < 256 && res.write(chunk)) sent += 1;
        if (sent < 256) res.once("drain", go);
        else res.end();
      };
      go();
    });
    const socket = say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(256);
    socket.destroy();
  });

  test("knows of a visitor who leaves", async () => {
    let left = false;
    let come = false;
    const { port } = await serveApp(router, (_, res) => {
      come = true;
      res.on("close", () => {
        left = true;
      });
    });
    const socket = say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    await until(() => come, "the request has arrived");
    socket.destroy();
    await until(() => left, "the process knows");
  });

  test("that breaks its answer off breaks the visitor's connection", async () => {
    const { port } = await serveApp(router, (_, res) => {
      res.writeHead(200, { "Content-Length": "100" });
      res.write("half");
      setTimeout(() => res.destroy(), 50);
    });
    await expect(ask(port, "/")).rejects.toThrow();
  });

  test("that isn't there is a page that tells visitors nothing, until it is back", async () => {
    const { port, server, site } = await serveApp(router, (_, res) => res.end("back"));
    await endApp(server);
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    const answer = await ask(port, "/", { headers });
    expect(answer).toMatchObject({ status: 502, body: expect.stringContaining("doesn't answer") });
    expect(answer.body).not.toMatch(/production|blue|sock|nginx/);
    await startApp(site, "blue", (_, res) => res.end("back"));
    expect((await ask(port, "/")).body).toBe("back");
  });

  test("may close connections that it kept, and no visitor sees it", async () => {
    const { port } = await serveApp(router, (_, res) => {
      res.end("fine");
      setImmediate(() => res.socket?.destroy());
    });
    const agent = keepAlive(4);
    for (let round = 0; round < 50; round++) expect((await ask(port, "/", { agent })).body).toBe("fine");
  });

  test("may listen on a port", async () => {
    const world = makeStagedWorld({ ...PROCESS, listen: "port" });
    const ports = {
      blue: await ensurePort(world.site, "blue"),
      green: await ensurePort(world.site, "green"),
    };
    for (const side of ["blue", "green"] as const) await startAppOn(ports[side], (_, res) => res.end(side));
    const { port } = await world.start(router);
    expect((await ask(port, "/")).body).toBe("blue");
    world.traffic("green");
    expect((await ask(port, "/")).body).toBe("green");
  });

  test("has its public files answered for it", async () => {
    const world = makeStagedWorld();
    const files = { "public/style.css": "css", "public/sub/x.txt": "x", "server.js": "no" };
    world.release("3", files, { ...PROCESS, public: "public" });
    world.side("blue", "3");
    await startApp(world.site, "blue", (req, res) => res.end(`app ${req.method} ${req.url}`));
    const { port } = await world.start(router);
    expect((await ask(port, "/style.css")).body).toBe("css");
    for (const path of ["/", "/sub", "/sub/", "/server.js", "/style", "/.x"])
      expect((await ask(port, path)).body).toBe(`app GET ${path}`);
    expect((await ask(port, "/style.css", { method: "POST" })).body).toBe("app POST /style.css");
  });
});

describeRouters("a WebSocket", (router) => {
  test("reaches the process, both ways, and closes at both ends", async () => {
    const { port, server } = await serveApp(router, () => {});
    const echo = new WebSocketServer({ server });
    echo.on("connection", (peer) => peer.on("message", (data) => peer.send(`echo ${data}`)));
    const ws = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { Host: "shop.localhost" } });
    onTestFinished(() => ws.terminate());
    const answer = new Promise((resolve) => ws.once("message", (data) => resolve(String(data))));
    ws.once("open", () => ws.send("hello"));
    expect(await answer).toBe("echo hello");
    ws.close();
    await until(() => ws.readyState === ws.CLOSED && echo.clients.size === 0, "both ends know");
  });

  test("survives a switch, as does whatever is in flight", async () => {
    const world = makeStagedWorld(PROCESS);
    const waiting: (() => void)[] = [];
    const server = await startApp(world.site, "blue", (_, res) => void waiting.push(() => res.end("old")));
    new WebSocketServer({ server }).on("connection", (peer) =>
      peer.on("message", (data) => peer.send(`echo ${data}`)),
    );
    await startApp(world.site, "green", (_, res) => res.end("new"));
    const { port } = await world.start(router);
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { Host: "shop.localhost" } });
    onTestFinished(() => ws.terminate());
    await until(() => ws.readyState === ws.OPEN, "it is open");
    const slow = ask(port, "/");
    await until(() => waiting.length === 1, "the request is in flight");
    world.traffic("green");
    expect((await ask(port, "/")).body).toBe("new");
    const answer = new Promise((resolve) => ws.once("message", (data) => resolve(String(data))));
    ws.send("still here");
    expect(await answer).toBe("echo still here");
    waiting[0]!();
    expect((await slow).body).toBe("old");
  });

  test("is all that a connection is upgraded to", async () => {
    const { port } = await serveApp(router, (_, res) => res.end("plain"));
    const headers = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__";
    const socket = say(port, `GET / HTTP/1.0\r\nHost: shop.localhost\r\n${headers}\r\n\r\n`);
    expect(await hear(socket)).toMatch(/^HTTP\/1\.1 200[\s\S]*plain$/);
  });
});

describeRouters("closing", (router) => {
  test("lets requests in flight finish, and takes no new ones", async () => {
    const waiting: (() => void)[] = [];
    const world = makeStagedWorld(PROCESS);
    await startApp(world.site, "blue", (_, res) => void waiting.push(() => res.end("finished")));
    const started = await world.start(router);
    const inFlight = ask(started.port, "/");
    await until(() => waiting.length === 1, "the request is in flight");
    const closed = started.router.close(10_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(ask(started.port, "/")).rejects.toThrow();
    waiting[0]!();
    expect((await inFlight).body).toBe("finished");
    await closed;
  });
});

describeRouters("an app, asked in a strange way,", (router) => {
  const HOST = "shop.localhost";
  const told: App = (req, res) => res.end(JSON.stringify([req.headers.host, req.url]));

  test("is told the name that the request was routed by, never another", async () => {
    const { port } = await serveApp(router, told);
    for (const request of [
      `GET http://${HOST}/x HTTP/1.1\r\nHost: evil.example\r\n`,
      `GET /x HTTP/1.1\r\nHost: ${HOST}:81@evil.example\r\n`,
      `GET /x HTTP/1.1\r\nHost: ${HOST}:abc"\r\n`,
    ]) {
      const answer = await hear(say(port, `${request}Connection: close\r\n\r\n`));
      expect(answer).not.toContain("evil");
      expect(answer).not.toContain("abc");
    }
  });

  test("gets an address that had to wait just as it was written", async () => {
    const world = makeStagedWorld(PROCESS);
    await startApp(world.site, "blue", told);
    world.pause("blue", 60_000);
    const { port } = await world.start(router);
    const paths = ["/g%2Fx//y/%61?q=%2F", "/a/../b", "/plain%20path?x=1"];
    const waiting = paths.map((path) => ask(port, path));
    await new Promise((resolve) => setTimeout(resolve, 300));
    world.traffic("blue");
    const answers = await Promise.all(waiting);
    expect(answers.map(({ body }) => JSON.parse(body)[1])).toEqual(paths);
  });
});
