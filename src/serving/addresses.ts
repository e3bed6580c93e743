import { once } from "node:events";
import { createServer } from "node:net";
import { errnoOf, GreenroomError } from "../errors.ts";
import type { Machine } from "./machine.ts";

/** Throws where nobody could listen on all that was named. */
export async function assertAddresses({ listen, listenTls }: Pick<Machine, "listen" | "listenTls">) {
  for (const address of [...listen, ...listenTls]) assertPort(address);
  assertOnce("--listen", listen);
  assertOnce("--listen-tls", listenTls);
  const both = listen.find((address) => listenTls.map(plain).includes(plain(address)));
  if (both !== undefined) throw wrong(`${both} can't be for --listen and --listen-tls at once`);
  for (const address of [...listen, ...listenTls]) await assertOurs(address);
}

function assertPort(address: string): void {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  if (port < 1 || port > 65_535) throw wrong(`${address}: a port is a number from 1 to 65535`);
}

function assertOnce(option: string, addresses: string[]): void {
  const all = addresses.map(plain);
  const again = addresses.find((_, i) => all.indexOf(all[i]!) !== i);
  if (again !== undefined) throw wrong(`${option} names ${again} twice`);
}

/** One writing for each address: an IP address has many. */
function plain(address: string): string {
  const whole = address.includes(":") ? address : `0.0.0.0:${address}`;
  return URL.canParse(`http://${whole}`) ? new URL(`http://${whole}`).host : whole;
}

async function assertOurs(address: string): Promise<void> {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(":"))).replace(/^\[|\]$/g, "");
  if (host === "") return;
  const server = createServer();
  try {
    await once(server.listen({ host, port: 0 }), "listening");
  } catch (error) {
    if (!NOT_HERE.test(errnoOf(error) ?? "")) throw error;
    throw wrong(`${address}: this machine has no address ${host}`);
  } finally {
    server.close();
  }
}

const NOT_HERE = /^(?:EADDRNOTAVAIL|EAFNOSUPPORT|EINVAL|ENOTFOUND|EAI_\w+)$/;

function wrong(message: string): GreenroomError {
  return new GreenroomError("USAGE", message, {
    hint: "name other addresses, for instance --listen 127.0.0.1:8080; ip address shows which this machine has",
  });
}
