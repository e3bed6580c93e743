import type { IncomingMessage, ServerResponse } from "node:http";
import { headerList } from "./header-list.ts";

export interface Page {
  status: number;
  title: string;
  /** What to do about it, for the people of the site only. */
  help?: string[];
}

/** A small page in words; `extra` are more headers, names and values in turn. */
export function sendPage(req: IncomingMessage, res: ServerResponse, page: Page, extra: string[] = []): void {
  const body = Buffer.from(pageHtml(page));
  const headers = headerList({
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": String(body.length),
    "Cache-Control": "no-store",
  });
  res.writeHead(page.status, [...headers, ...extra]).end(req.method === "HEAD" ? undefined : body);
}

export function pageHtml({ status, title, help = [] }: Page): string {
  const lines = help.map((line) => `<p>${markCode(escapeHtml(line))}</p>\n`).join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${escapeHtml(title)}</h1>
${lines}<p><small>${status}</small></p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function markCode(text: string): string {
  return text.replace(/`([^`]*)`/g, "<code>$1</code>");
}
