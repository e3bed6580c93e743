import { isIP } from "node:net";
import { z } from "zod";
import { isMachinesOwn, isName } from "../names.ts";
import { parseDuration } from "./durations.ts";

// What values of greenroom.json are made of.

export const name = z
  .string()
  .refine(isName, { error: 'use a to z, 0 to 9, "." and "-", at most 40 characters' })
  .meta({ pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$" });

export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error: 'write a duration like "500ms", "30s" or "2m"' })
  .transform((text) => parseDuration(text)!)
  // Timers that wait for more than 2^31 ms end at once.
  .refine((ms) => ms <= 24 * 86_400_000, { error: "wait for at most 24 days" });

export const percent = z
  .string()
  .regex(/^(100|\d{1,2})%$/, { error: 'write a share like "50%"' })
  .transform((text) => Number(text.slice(0, -1)));

/** Of something that may take no time at all nothing could be said. */
export const limit = duration.refine((ms) => ms > 0, { error: "allow more than no time" });

const PATH_LIMIT = 1000;
const NAME_LIMIT = 255;

/** A path inside the release, never out of it. */
export const innerPath = z
  .string()
  .transform((path) => path.replace(/^\.\/(?=.)/, "").replace(/(?<=.)\/+$/, ""))
  .refine((path) => path === "." || !path.split("/").some(isTurn), {
    error: "write a path relative to the release, without ..",
  })
  .refine((path) => !path.includes("\0"), { error: "a path holds no NUL" })
  .refine((path) => path.length <= PATH_LIMIT, { error: `a path has at most ${PATH_LIMIT} letters` })
  .refine((path) => path.split("/").every((part) => Buffer.byteLength(part) <= NAME_LIMIT), {
    error: `a file's name has at most ${NAME_LIMIT} bytes`,
  });

/** Of a server: absolute, and named the one way that it has. */
export const rootPath = z
  .string()
  .transform((path) => path.replace(/(?<=.)\/+$/, ""))
  .refine((path) => path.startsWith("/"), { error: "write an absolute path", abort: true })
  .refine((path) => path === "/" || !path.slice(1).split("/").some(isTurn), {
    error: 'write the path without "..", "." or "//"',
    abort: true,
  })
  .refine((path) => !path.includes("\0"), { error: "a path holds no NUL" })
  .refine((path) => !isMachinesOwn(path), {
    error: 'name a folder of its own, like "/srv/greenroom"',
  });

function isTurn(part: string): boolean {
  return ["", ".", ".."].includes(part);
}

const TELLABLE = /^[^$"\\;{}\p{Cc}]*$/u;

/** A path that web servers are told of in their own words. */
export const toldPath = innerPath.refine((path) => TELLABLE.test(path), {
  error: "take a path without any of $ \" \\ ; { } and control characters: web servers can't be told of it",
});

export const properToldPath = toldPath.refine((path) => path !== ".", {
  error: "name something inside the release",
});

export const properPath = innerPath.refine((path) => path !== ".", {
  error: "name something inside the release",
});

export const domain = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => !isAddress(text), {
    error: 'write a name, like "shop.example.com": an IP address is no domain',
    abort: true,
  })
  .refine(
    (text) =>
      text.length <= 200 &&
      text.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)),
    { error: 'write a domain without a port, like "shop.example.com"' },
  );

/** Also `127.1`: browsers take whatever ends in a number for an IP address. */
function isAddress(text: string): boolean {
  return isIP(text.replace(/^\[|\]$/g, "")) !== 0 || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(text);
}

/** Of the site itself: "//" would begin another server's address. What a request can't hold goes as a browser sends it. */
export const urlPath = z
  .string()
  .regex(/^\/(?![/\\])/, { error: 'write a path like "/healthz"' })
  .transform((path) =>
    path.replace(/\p{Cs}/gu, "\ufffd").replace(/[^\x21-\x5b\x5d-\x7e]+/gu, encodeURIComponent),
  );

/** The kernel ends a line or a variable at a NUL. */
export const line = z
  .string()
  .min(1, { error: "write something" })
  .refine((text) => !text.includes("\0"), { error: "it holds a NUL" });

/** What a person is asked for, one question each. */
export const questions = { project: name, command: line, folder: innerPath, domain };

export const variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'use letters, digits and "_", no digit first' }),
  z.string().refine((text) => !text.includes("\0"), { error: "it holds a NUL" }),
);
