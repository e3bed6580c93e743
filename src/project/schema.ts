import { isIP } from "node:net";
import { z } from "zod";
import { isName } from "../names.ts";
import { parseDuration } from "./durations.ts";

export const PROJECT_FILE = "greenroom.json";

const name = z
  .string()
  .refine(isName, { error: 'use a to z, 0 to 9, "." and "-", at most 40 characters' })
  .meta({ pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$" });

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error: 'write a duration like "500ms", "30s" or "2m"' })
  .transform((text) => parseDuration(text)!)
  // Timers that wait for more than 2^31 ms end at once.
  .refine((ms) => ms <= 24 * 86_400_000, { error: "wait for at most 24 days" });

const percent = z
  .string()
  .regex(/^(100|\d{1,2})%$/, { error: 'write a share like "50%"' })
  .transform((text) => Number(text.slice(0, -1)));

/** Of something that may take no time at all nothing could be said. */
const limit = duration.refine((ms) => ms > 0, { error: "allow more than no time" });

const PATH_LIMIT = 1000;
const NAME_LIMIT = 255;

/** A path inside the release, never out of it. */
export const innerPath = z
  .string()
  .transform((path) => path.replace(/^\.\/(?=.)/, "").replace(/(?<=.)\/+$/, ""))
  .refine((path) => path === "." || path.split("/").every((part) => !["", ".", ".."].includes(part)), {
    error: "write a path relative to the release, without ..",
  })
  .refine((path) => !path.includes("\0"), { error: "a path holds no NUL" })
  .refine((path) => path.length <= PATH_LIMIT, { error: `a path has at most ${PATH_LIMIT} letters` })
  .refine((path) => path.split("/").every((part) => Buffer.byteLength(part) <= NAME_LIMIT), {
    error: `a file's name has at most ${NAME_LIMIT} bytes`,
  });

export const properPath = innerPath.refine((path) => path !== ".", {
  error: "name something inside the release",
});

const domain = z
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

/** Of the site itself: "//" would begin another server's address. */
const urlPath = z.string().regex(/^\/(?!\/)/, { error: 'write a path like "/healthz"' });

/** The kernel ends a line or a variable at a NUL. */
const line = z
  .string()
  .min(1, { error: "write something" })
  .refine((text) => !text.includes("\0"), { error: "it holds a NUL" });

/** What a person is asked for, one question each. */
export const questions = { project: name, command: line, folder: innerPath, domain };

const variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'use letters, digits and "_", no digit first' }),
  z.string().refine((text) => !text.includes("\0"), { error: "it holds a NUL" }),
);

/** A size in bytes. */
const size = z
  .string()
  .regex(/^[1-9]\d{0,5}[kmg]$/, { error: 'write a size like "64m"' })
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.at(-1)!]!);

const UNITS: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const user = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "write the name of an account" })
  .nullable()
  .default(null)
  .meta({ description: "The account for processes and tasks, where Greenroom runs as root." });

const setting = z.union([line, z.number(), z.boolean()]).transform((value) => {
  return typeof value === "boolean" ? (value ? "1" : "0") : `${value}`;
});

const php = z.strictObject({
  memory: size.prefault("128m").meta({ description: "What a request may use." }),
  upload: size.prefault("32m").meta({ description: "How big a file may be that a visitor uploads." }),
  time: limit.prefault("60s").meta({ description: "How long a request may take." }),
  workers: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .meta({ description: "How many requests a side answers at once." }),
  confined: z
    .boolean()
    .default(false)
    .meta({ description: "PHP opens no file outside of the site's own folders." }),
  ini: z
    .record(z.string().regex(/^[A-Za-z_][\w.-]*$/, { error: "write a name as php.ini has it" }), setting)
    .default({})
    .meta({ description: "More settings, as php.ini has them." }),
});

/** What nobody but the web server itself can say. */
const OWN_HEADERS =
  /^(?:connection|content-(?:length|type|encoding|range)|date|etag|keep-alive|last-modified|location|server|set-cookie|te|trailer|transfer-encoding|upgrade)$/i;

export const headers = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { error: "write the name of a header" })
      .refine((name) => !OWN_HEADERS.test(name), { error: "this header is the web server's own" }),
    z
      .string()
      .regex(/^[\x20-\x23\x25-\x7e]{1,2000}$/, { error: "write plain text, without a dollar sign" })
      .nullable(),
  )
  .optional()
  .meta({ description: "Headers that files are sent with; null takes away one that Greenroom sends." });

const files = {
  headers,
  immutable: z
    .array(properPath)
    .optional()
    .meta({ description: "Folders below `public` whose files never change under their names." }),
};

const serve = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("static"),
      public: innerPath.default(".").meta({ description: "The folder of the release that visitors see." }),
      ...files,
    }),
    z.strictObject({
      kind: z.literal("process"),
      start: z
        .record(name, line)
        .refine((start) => "web" in start, { error: 'name the process that answers visitors "web"' })
        .meta({
          description:
            "Shell lines by process name. `web` answers visitors; the others run on the live side.",
        }),
      public: innerPath
        .nullable()
        .default(null)
        .meta({ description: "Files below it are served without asking `web`." }),
      ...files,
      health: z
        .string()
        .startsWith("/")
        .default("/")
        .meta({ description: "Answers 2xx or 3xx once `web` is ready." }),
      listen: z
        .enum(["socket", "port"])
        .default("socket")
        .meta({ description: "Where `web` listens: the Unix socket in $SOCKET, or 127.0.0.1:$PORT." }),
      startWithin: limit.prefault("30s"),
      drain: duration
        .prefault("10s")
        .meta({ description: "How long requests in flight may go on at a stop." }),
      user,
    }),
    z.strictObject({
      kind: z.literal("php"),
      public: innerPath
        .default("public")
        .meta({ description: "The folder of the release that visitors see." }),
      ...files,
      front: properPath
        .refine((path) => path.endsWith(".php"), { error: 'name a script that ends in ".php"' })
        .nullable()
        .default("index.php")
        .meta({ description: "The script below `public` that answers where there is no file; null: none." }),
      health: urlPath.default("/").meta({ description: "Answers 2xx or 3xx if the site is well." }),
      user,
      php: php.prefault({}),
    }),
  ],
  { error: ({ code }) => (code === "invalid_union" ? 'write "static", "process" or "php"' : undefined) },
);

const task = z.strictObject({
  run: line,
  on: z.enum(["rehearsal", "live"]).default("rehearsal"),
  timeout: limit.prefault("5m"),
  needs: z.array(name).default([]),
});

const check = z.union([
  z.strictObject({
    http: urlPath,
    status: z.int().min(100).max(599).default(200),
    contains: z.string().min(1, { error: "write what the answer must hold" }).nullable().default(null),
    within: limit.prefault("10s"),
  }),
  z.strictObject({ files: z.array(properPath).min(1) }),
  z.strictObject({ shrinks: percent }),
  z.strictObject({ task: name }),
]);

const MOMENTS = ["stage", "check", "switch", "rollback", "canary"].flatMap((phase) => [
  `before:${phase}`,
  `after:${phase}`,
]) as [string, ...string[]];

/** Of the machine that serves: absolute, or beside greenroom.json. */
const keyFile = line.meta({
  description: "A file in PEM, absolute or beside greenroom.json. Never released.",
});
const keyPair = z.strictObject({ certificate: keyFile, key: keyFile });

const below = z
  .union([z.literal("acme"), keyPair])
  .nullable()
  .default(null)
  .meta({ description: 'For the names below the domain: files, or "acme" for a wildcard by DNS-01.' });

const tls = z
  .union([
    z.literal("acme"),
    z.strictObject({ ...keyPair.shape, previews: below }),
    z.strictObject({ certificate: z.literal("acme"), previews: below }),
  ])
  .transform((given) => {
    if (given === "acme") return { own: "acme" as const, previews: null };
    if (!("key" in given)) return { own: "acme" as const, previews: given.previews };
    return { own: { certificate: given.certificate, key: given.key }, previews: given.previews };
  });

const environment = z.strictObject({
  domain,
  subdomains: z.boolean().default(false).meta({ description: "The app serves subdomains of its own." }),
  previews: z.enum(["secret", "open"]).default("secret"),
  tls: tls
    .nullable()
    .default(null)
    .meta({ description: 'Answer by https: "acme", or a certificate and its key.' }),
  servers: z.array(name).min(1).default(["local"]),
  keep: z.int().min(1).max(1000).default(5).meta({ description: "How many releases stay on disk." }),
  switch: z.enum(["manual", "auto"]).default("manual").meta({ description: "`auto`: deploy also switches." }),
  values: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description: "What config templates may name." }),
  env: variables.default({}),
});

const server = z.strictObject({
  ssh: z
    .string()
    .regex(/^(?:[A-Za-z0-9_][\w.-]*@)?(?:[A-Za-z0-9_][\w.-]*|[0-9a-f]*:[0-9a-f:.]+)$/, {
      error: 'write "user@host", or a Host of your SSH configuration',
    })
    .meta({ description: "As you would log in there: user@host, or a Host of your SSH configuration." }),
  port: z.int().min(1).max(65_535).nullable().default(null),
  root: line
    .refine((path) => path.startsWith("/"), { error: "write an absolute path" })
    .default("/srv/greenroom")
    .meta({ description: "Where releases and environments are there." }),
  hostKey: z
    .string()
    .regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*$/, { error: 'write "ssh-ed25519 AAAA…", without a name' })
    .nullable()
    .default(null)
    .meta({ description: "The only host key that it may show; else one that you have trusted." }),
});

/** greenroom.json. The JSON Schema that editors read is made from it. */
export const projectSchema = z.strictObject({
  $schema: z.string().optional(),
  project: name,
  build: z.strictObject({ run: z.array(line).default([]), output: innerPath.default(".") }).prefault({}),
  serve: serve.prefault({ kind: "static" }),
  ignore: z
    .array(z.string())
    .default([])
    .meta({ description: "What stays out of releases, as in .gitignore." }),
  storage: z.array(properPath).default([]).meta({ description: "Paths that outlive releases." }),
  config: z
    .record(properPath, properPath)
    .default({})
    .meta({ description: "Rendered files by their path in the release, each from a Handlebars template." }),
  env: variables.default({}),
  servers: z
    .record(name, server)
    .refine((all) => !("local" in all), { error: '"local" is the machine that you type on' })
    .default({}),
  tasks: z.record(name, task).default({}),
  checks: z.array(check).default([]),
  hooks: z.partialRecord(z.enum(MOMENTS), z.array(name)).default({}),
  environments: z
    .record(name, environment)
    .refine((all) => Object.keys(all).length > 0, { error: "name at least one environment" }),
});

export type ProjectFile = z.output<typeof projectSchema>;
