import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { hear, say, until } from "./client.ts";
import { makeStagedWorld, PROCESS, STATIC, startApp, type World } from "./world.ts";

async function serveEcho(world: World): Promise<WebSocketServer> {
  const echo = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  });
  const app = await startApp(world.site, "blue", (_, res) =>
    res.writeHead(426, { "X-App": "yes" }).end("sockets only"),
  );
  app.on("upgrade", (req, socket, head) => {
    if (req.url === "/no") return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    echo.handleUpgrade(req, socket, head, (ws) => {
      ws.send(`hello ${req.headers.host} ${req.headers["x-forwarded-for"]}`);
      ws.on("message", (data, binary) => ws.send(data, { binary }));
    });
  });
  onTestFinished(() => {
    for (const client of echo.clients) client.terminate();
  });
  return echo;
}

function open(port: number, path = "/"): WebSocket {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, ["chat"], {
    headers: { Host: "shop.localhost" },
  });
  onTestFinished(() => ws.terminate());
  return ws;
}

test("a WebSocket reaches the app, both ways, and closes at both ends", async () => {
  const world = makeStagedWorld(PROCESS);
  const echo = await serveEcho(world);
  const { port } = await world.start();
  const ws = open(port);
  const heard: string[] = [];
  ws.on("message", (data) => void heard.push(String(data)));
  await until(() => heard.length === 1, "the app says hello");
  expect(heard[0]).toBe("hello shop.localhost 127.0.0.1");
  expect(ws.protocol).toBe("chat");
  ws.send("x".repeat(1_000_000));
  await until(() => heard.length === 2, "the echo came");
  expect(heard[1]).toHaveLength(1_000_000);
  ws.close(1000);
  await until(() => echo.clients.size === 0 && ws.readyState === ws.CLOSED, "both ends are closed");
});

test("an end that vanishes takes the other with it", async () => {
  const world = makeStagedWorld(PROCESS);
  const echo = await serveEcho(world);
  const { port } = await world.start();
  const first = open(port);
  await until(() => echo.clients.size === 1 && first.readyState === first.OPEN, "it is open");
  first.terminate();
  await until(() => echo.clients.size === 0, "the app knows");
  const second = open(port);
  await until(() => second.readyState === second.OPEN, "it is open");
  for (const client of echo.clients) client.terminate();
  await until(() => second.readyState === second.CLOSED, "the visitor knows");
});

test("an app that refuses is heard", async () => {
  const world = makeStagedWorld(PROCESS);
  await serveEcho(world);
  const { port } = await world.start();
  const refusal = await new Promise<Error>((resolve) => open(port, "/no").on("error", resolve));
  expect(refusal.message).toContain("403");
});

test.each([
  ["no app is there", PROCESS, "shop.localhost", 502],
  ["the site is static", STATIC, "shop.localhost", 200],
  ["the host is unknown", STATIC, "x.localhost", 404],
])("where %s an ordinary answer comes", async (_, serve, host, status) => {
  const { port } = await makeStagedWorld(serve).start();
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n";
  const heard = await hear(say(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n`));
  expect(heard).toContain(`HTTP/1.1 ${status} `);
  expect(heard.toLowerCase()).toContain("connection: close");
});

test("other upgrades are ignored, as curl --http2 expects", async () => {
  const world = makeStagedWorld(PROCESS);
  await startApp(world.site, "blue", (req, res) => res.end(`plain ${req.headers.upgrade}`));
  const { port } = await world.start();
  const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  expect(await hear(say(port, `GET / HTTP/1.1\r\nHost: shop.localhost\r\n${upgrade}\r\n`))).toContain(
    "plain undefined",
  );
});
