import { connect, type Socket } from "node:net";

const CONNECTIONS = 64;

/**
 * Asks over and over on 64 kept connections. Requests are written and answers counted as bytes: a client that parsed
 * as much as the server would measure itself.
 */
export async function requestsPerSecond(
  port: number,
  host: string,
  path: string,
  seconds: number,
): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const load = { answered: 0, failed: 0, over: false };
  const started = performance.now();
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  const clients = sockets.map((socket) => askForever(socket, request, load));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  load.over = true;
  const elapsed = (performance.now() - started) / 1000;
  const { answered } = load;
  await Promise.all(clients);
  if (load.failed > 0) throw new Error(`${load.failed} of ${answered} requests failed`);
  return answered / elapsed;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.setNoDelay()));
    socket.once("error", reject);
  });
}

function askForever(
  socket: Socket,
  request: string,
  load: { answered: number; failed: number; over: boolean },
): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    const finish = () => {
      socket.destroy();
      resolve();
    };
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1]);
      if (text.length < head + 4 + length) return;
      load.answered += 1;
      if (!text.startsWith("HTTP/1.1 200")) load.failed += 1;
      text = "";
      if (load.over) finish();
      else socket.write(request);
    });
    socket.on("error", () => {
      load.failed += 1;
      finish();
    });
    socket.write(request);
  });
}
