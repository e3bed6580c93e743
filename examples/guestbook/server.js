// A guestbook without a dependency: a page, a health check, and an upload that outlives every release.
import { randomUUID } from "node:crypto";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";

const GREETING = "Welcome. Leave a line below.";
const LIMIT = 10_000;

const { title } = JSON.parse(readFileSync("config/site.json", "utf8"));

createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end("Something went wrong.\n");
  });
}).listen(process.env.SOCKET ?? process.env.PORT ?? 3000);

async function answer(request, response) {
  if (request.url === "/healthz") return response.end("ok\n");
  if (request.method === "POST" && request.url === "/entries") return keep(request, response);
  if (request.url !== "/") return response.writeHead(404).end("There is no such page.\n");
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page());
}

async function keep(request, response) {
  if (Number(request.headers["content-length"] ?? Infinity) > LIMIT) return response.writeHead(413).end();
  await pipeline(request, createWriteStream(`uploads/${Date.now()}-${randomUUID()}.txt`));
  response.writeHead(303, { location: "/" }).end();
}

function page() {
  const entries = readdirSync("uploads")
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .reverse()
    .slice(0, 50);
  const lines = entries.map(
    (name) => new URLSearchParams(readFileSync(`uploads/${name}`, "utf8")).get("line") ?? "",
  );
  return `<!doctype html>
<meta charset="utf-8">
<title>${quote(title)}</title>
<link rel="stylesheet" href="/style.css">
<h1>${quote(title)}</h1>
<p>${GREETING}
<form method="post" action="/entries"><input name="line" maxlength="200" required> <button>Write</button></form>
<ul>${lines.map((line) => `<li>${quote(line)}`).join("")}</ul>
<footer>release ${quote(process.env.GREENROOM_RELEASE ?? "none")} on the ${quote(process.env.GREENROOM_SIDE ?? "no")} side</footer>
`;
}

function quote(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
