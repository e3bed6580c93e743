import { symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { at } from "../../../src/environment/site.ts";
import { ask, hear, keepAlive, say, until } from "./client.ts";
import { type App, endApp, makeStagedWorld, PROCESS, put, SECRET, startApp, type World } from "./world.ts";

async function serveApp(app: App, serve = PROCESS): Promise<World & { port: number }> {
  const world = makeStagedWorld(serve);
  await startApp(world.site, "blue", app);
  return { ...world, ...(await world.start()) };
}

describe("a request reaches the app", () => {
  test("with its method, target and body, and the answer comes back as it is", async () => {
    const { port } = await serveApp(async (req, res) => {
      const body = (await req.toArray()).join("");
      res.writeHead(201, "Made", { "X-App": "yes" }).end(`${req.method} ${req.url} ${body}`);
    });
    const answer = await ask(port, "/a/../b//c%2f?q=%20", { method: "PATCH", body: "sent" });
    expect(answer).toMatchObject({
      status: 201,
      body: "PATCH /a/../b//c%2f?q=%20 sent",
      headers: { "x-app": "yes" },
    });
    for (const method of ["GET", "POST", "DELETE", "PUT", "OPTIONS"]) {
      expect((await ask(port, "/x", { method })).body).toBe(`${method} /x `);
    }
    expect(await ask(port, "/x", { method: "HEAD" })).toMatchObject({ status: 201, body: "" });
    expect(
      (await ask(port, "/x", { method: "DELETE", body: "gone", headers: { "Content-Length": "4" } })).body,
    ).toBe("DELETE /x gone");
  });

  test("with bodies of any size, announced or chunked", async () => {
    const { port } = await serveApp((req, res) => req.pipe(res));
    const body = Buffer.alloc(3_000_000, "0123456789");
    expect((await ask(port, "/", { method: "POST", body })).body).toBe(body.toString());
    const chunked = await ask(port, "/", {
      method: "POST",
      body,
      headers: { "Transfer-Encoding": "chunked" },
    });
    expect(chunked.body).toBe(body.toString());
  });

  test("and the answer comes back with headers of up to 60 kB", async () => {
    const { port } = await serveApp((_, res) => {
      res
        .writeHead(200, Array.from({ length: 10 }, (_, i) => [`X-${i}`, "x".repeat(6_000)]).flat())
        .end("said");
    });
    const socket = say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n");
    const heard = await hear(socket);
    expect(heard).toMatch(/^HTTP\/1.1 200 [\s\S]*X-9: x{6000}\r\n[\s\S]*said/);
  });

  test.each(["Host: other.localhost", "hOST: shop.localhost"])(
    "never with a second host: %s",
    async (second) => {
      const { port } = await serveApp((_, res) => res.end("reached"));
      const head = `GET / HTTP/1.1\r\nHost: shop.localhost\r\n${second}\r\n\r\n`;
      expect(await hear(say(port, head))).toMatch(/^HTTP\/1.1 400 (?![\s\S]*reached)/);
    },
  );

  test("with Host as sent, and told who asks", async () => {
    const { port } = await serveApp((req, res) => res.end(JSON.stringify(req.rawHeaders)));
    const tell = async (headers: Record<string, string | string[]>) =>
      toObject(JSON.parse((await ask(port, "/", { host: "SHOP.localhost:81", headers })).body));
    expect(await tell({ "X-Own": ["1", "2"] })).toMatchObject({
      host: ["SHOP.localhost:81"],
      "x-own": ["1", "2"],
      "x-forwarded-for": ["127.0.0.1"],
      "x-forwarded-proto": ["http"],
      "x-forwarded-host": ["SHOP.localhost:81"],
    });
    const behind = {
      "X-Forwarded-For": "198.51.100.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "x.org",
    };
    expect(await tell(behind)).toMatchObject({
      "x-forwarded-for": ["198.51.100.7, 127.0.0.1"],
      "x-forwarded-proto": ["https"],
      "x-forwarded-host": ["x.org"],
    });
  });

  test("without what is meant for the next hop only", async () => {
    const { port } = await serveApp((req, res) => {
      res.setHeader("Connection", "X-Hop").setHeader("X-Hop", "1").setHeader("Proxy-Authenticate", "Basic");
      void req.toArray().then((body) => res.end(JSON.stringify([...req.rawHeaders, "body", body.join("")])));
    });
    const headers = {
      Connection: "X-Secret, Content-Length, Host",
      "X-Secret": "1",
      "Proxy-Authorization": "x",
      "Keep-Alive": "timeout=5",
      TE: "trailers",
      Expect: "100-continue",
      "Content-Length": "4",
    };
    const answer = await ask(port, "/", { method: "POST", headers, body: "body" });
    const told = toObject(JSON.parse(answer.body));
    for (const name of ["x-secret", "proxy-authorization", "keep-alive", "te", "expect"]) {
      expect(told[name]).toBeUndefined();
    }
    expect(told).toMatchObject({ host: ["shop.localhost"], "content-length": ["4"], body: ["body"] });
    expect(answer.headers).not.toHaveProperty("x-hop");
    expect(answer.headers).not.toHaveProperty("proxy-authenticate");
  });

  test("on a port where the app listens on one", async () => {
    const world = makeStagedWorld({ ...PROCESS, listen: "port" });
    const app = createServer((_, res) => res.end("by port"));
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => endApp(app));
    const { port } = await world.start();
    expect((await ask(port, "/")).status).toBe(502);
    symlinkSync(String((app.address() as AddressInfo).port), at.port(world.site, "blue"));
    expect((await ask(port, "/")).body).toBe("by port");
  });

  test("at a preview with the subdomain that is the app's own", async () => {
    const world = makeStagedWorld(PROCESS, { subdomains: true });
    world.preview(`${SECRET}-2026.11.21.2`, "../releases/2026.11.21.2");
    await startApp(world.site, "green", (req, res) => res.end(req.headers.host));
    const { port } = await world.start();
    const host = `${SECRET}-2026.11.21.2.foo.shop.localhost:8080`;
    const answer = await ask(port, "/", { host });
    expect(answer).toMatchObject({ body: "foo.shop.localhost:8080", headers: { "x-robots-tag": "noindex" } });
  });
});

describe("streaming", () => {
  test("brings headers and each part of an answer when the app sends it", async () => {
    let app: { write(text: string): void; end(): void } | undefined;
    const { port } = await serveApp((_, res) => {
      app = res;
      res.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    });
    const socket = say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    let heard = "";
    socket.on("data", (data) => {
      heard += data;
    });
    await until(() => heard.includes("event-stream"), "the headers came");
    app!.write("first");
    await until(() => heard.includes("first"), "the first part came");
    app!.write("second");
    await until(() => heard.includes("second"), "the second part came");
    app!.end();
    await until(() => heard.endsWith("0\r\n\r\n"), "the end came");
  });

  test("brings each part of a body to the app when the visitor sends it", async () => {
    let heard = "";
    const { port } = await serveApp((req, res) => {
      req.on("data", (data) => {
        heard += data;
      });
      req.on("end", () => res.end("thanks"));
    });
    const socket = say(
      port,
      "POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 6\r\nConnection: close\r\n\r\n",
    );
    socket.write("one");
    await until(() => heard === "one", "the first half arrived");
    socket.write("two");
    expect(await hear(socket)).toContain("thanks");
  });

  test("waits for a slow visitor", async () => {
    let sent = 0;
    const { port } = await serveApp((_, res) => {
      const send = () => {
        while (sent < 400_000_000 && res.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      res.on("drain", send);
      send();
    });
    const socket = say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    let before = -1;
    for (; before !== sent; await new Promise((resolve) => setTimeout(resolve, 100))) before = sent;
    expect(sent).toBeLessThan(50_000_000);
  });

  test("an app that answers without reading on is understood", async () => {
    const { port } = await serveApp((_, res) => res.writeHead(413, { Connection: "close" }).end("too much"));
    const agent = keepAlive(1);
    const body = Buffer.alloc(20_000_000);
    for (let round = 0; round < 3; round++) {
      const answer = await ask(port, "/", { method: "POST", body, agent }).catch(
        (error: Error) => error.message,
      );
      expect(answer).toMatchObject({ status: 413, body: "too much" });
    }
  });
});

describe("leaving early", () => {
  test("a visitor who leaves ends the request at the app", async () => {
    let left = false;
    let asked = false;
    const { port } = await serveApp((req, res) => {
      asked = true;
      res.on("close", () => {
        left = true;
      });
      if (req.url === "/streaming") res.write("x");
    });
    for (const path of ["/waiting", "/streaming"]) {
      left = asked = false;
      const socket = say(port, `GET ${path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n`);
      await until(() => asked, "the app was asked");
      socket.destroy();
      await until(() => left, "the app knows");
    }
  });

  test("a visitor who leaves while sending ends the request at the app", async () => {
    let left = false;
    let heard = 0;
    const { port } = await serveApp((req) => {
      req.on("data", () => void heard++);
      req.on("error", () => {
        left = true;
      });
    });
    const socket = say(port, "POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 100\r\n\r\nabc");
    await until(() => heard > 0, "the app got the beginning");
    socket.destroy();
    await until(() => left, "the app knows");
  });

  test.each([
    ["announced", { "Content-Length": "1000" }],
    ["chunked", {}],
  ])("an app that breaks off an %s answer breaks the visitor's connection", async (_, headers) => {
    const { port } = await serveApp((_req, res) => {
      res.writeHead(200, headers).write("half");
      setTimeout(() => res.destroy(), 20);
    });
    await expect(ask(port, "/", { agent: keepAlive(1) })).rejects.toThrow();
    const heard = await hear(say(port, "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n"));
    expect(heard).toContain("half");
    expect(heard).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

describe("a kept connection that the app closed", () => {
  /** Answers once on each connection, and resets it when it is used again. */
  async function serveOnce(): Promise<{ port: number; seen: string[] }> {
    const world = makeStagedWorld(PROCESS);
    const seen: string[] = [];
    const sockets = new Set<Socket>();
    const app = createNetServer((socket) => {
      sockets.add(socket);
      let used = false;
      socket.on("error", () => socket.destroy());
      socket.on("data", (data) => {
        seen.push(String(data).split(" ")[0]!);
        if (used) return void socket.destroy();
        used = true;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    await new Promise<void>((resolve) => app.listen(at.socket(world.site, "blue"), resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      app.close();
    });
    return { seen, ...(await world.start()) };
  }

  test("is replaced by a fresh one for a request that may be repeated", async () => {
    const { port, seen } = await serveOnce();
    for (let round = 0; round < 3; round++) expect((await ask(port, "/")).body).toBe("ok");
    expect(seen.length).toBeGreaterThan(3);
  });

  test("fails a request that may not be repeated", async () => {
    const { port, seen } = await serveOnce();
    expect((await ask(port, "/")).status).toBe(200);
    expect((await ask(port, "/", { method: "POST", body: "pay" })).status).toBe(502);
    expect(seen.filter((method) => method === "POST")).toHaveLength(1);
  });
});

describe("a side that doesn't answer", () => {
  test("gets a page that helps its people and tells visitors nothing", async () => {
    const world = makeStagedWorld(PROCESS);
    world.preview(`${SECRET}-blue`, "../blue");
    const { port } = await world.start();
    const visitor = await ask(port, "/", { headers: { "X-Forwarded-For": "198.51.100.7" } });
    expect(visitor.status).toBe(502);
    expect(visitor.body).not.toMatch(/production|blue|2026|greenroom|\.log|\.sock/);
    const host = `${SECRET}-blue.shop.localhost`;
    const insiders = [
      await ask(port, "/"),
      await ask(port, "/", { host, headers: { "X-Forwarded-For": "198.51.100.7" } }),
    ];
    for (const { status, body } of insiders) {
      expect(status).toBe(502);
      expect(body).toContain("greenroom status production");
      expect(body).toContain("log/web.blue.log");
    }
  });

  test.each([
    ["resets", (socket: Socket) => socket.destroy()],
    ["talks nonsense", (socket: Socket) => socket.end("nonsense\r\n\r\n")],
    [
      "answers with a header that no visitor may get",
      (socket: Socket) => socket.end("HTTP/1.1 200 \x01\r\n\r\n"),
    ],
  ])("and %s is a 502", async (_, behave) => {
    const world = makeStagedWorld(PROCESS);
    const app = createNetServer(
      (socket) => void socket.on("error", () => {}).once("data", () => behave(socket)),
    );
    await new Promise<void>((resolve) => app.listen(at.socket(world.site, "blue"), resolve));
    onTestFinished(() => void app.close());
    const { port } = await world.start();
    const answer = await ask(port, "/");
    expect([500, 502]).toContain(answer.status);
    expect((await ask(port, "/", { host: "x.localhost" })).status).toBe(404);
  });

  test("a release that is on no side says how to see it", async () => {
    const world = makeStagedWorld({ ...PROCESS, public: "public" });
    world.release("2026.11.20.9", { "public/a.css": "css" }, { ...PROCESS, public: "public" });
    world.preview(`${SECRET}-2026.11.20.9`, "../releases/2026.11.20.9");
    const { port } = await world.start();
    const host = `${SECRET}-2026.11.20.9.shop.localhost`;
    expect(await ask(port, "/a.css", { host })).toMatchObject({ status: 200, body: "css" });
    const answer = await ask(port, "/", { host });
    expect(answer).toMatchObject({ status: 503, headers: { "x-robots-tag": "noindex" } });
    expect(answer.body).toContain("greenroom stage production --release 2026.11.20.9");
  });
});

describe("public files of a process site", () => {
  test("are answered without the app, everything else by it", async () => {
    const world = await serveApp((req, res) => res.end(`app ${req.method} ${req.url}`), {
      ...PROCESS,
      public: "public",
    });
    const tree = at.release(world.site, "2026.11.21.1");
    put(tree, {
      "public/a.css": "css",
      "public/index.html": "no",
      "public/dir/index.html": "no",
      "public/.env": "no",
    });
    put(at.storage(world.site), { "up/old.txt": "old" });
    symlinkSync("../../../storage/up", `${tree}/public/up`);
    const get = async (path: string, method = "GET") => (await ask(world.port, path, { method })).body;
    for (let round = 0; round < 2; round++) {
      expect(await get("/a.css")).toBe("css");
      expect(await get("/a.css?v=1")).toBe("css");
      expect(await get("/up/old.txt")).toBe("old");
      for (const path of ["/", "/dir", "/dir/", "/a", "/.env", "/%2eenv", "/%", "/../server.js", "/up"]) {
        expect(await get(path)).toBe(`app GET ${path}`);
      }
      expect(await get("/a.css", "POST")).toBe("app POST /a.css");
    }
    expect(await get("/up/new.txt")).toBe("app GET /up/new.txt");
    writeFileSync(at.storage(world.site, "up/new.txt"), "new");
    expect(await get("/up/new.txt")).toBe("new");
  });
});

function toObject(raw: string[]): Record<string, string[] | undefined> {
  const all: Record<string, string[]> = {};
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    all[name] = [...(all[name] ?? []), raw[index + 1]!];
  }
  return all;
}
