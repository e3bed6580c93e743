import { z } from "zod";
import { duration, limit, line, name, properToldPath, toldPath, urlPath } from "./fields.ts";

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
    .array(properToldPath)
    .optional()
    .meta({ description: "Folders below `public` whose files never change under their names." }),
};

/** How a site is served. */
export const serve = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("static"),
      public: toldPath.default(".").meta({ description: "The folder of the release that visitors see." }),
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
      public: toldPath
        .nullable()
        .default(null)
        .meta({ description: "Files below it are served without asking `web`." }),
      ...files,
      health: urlPath.prefault("/").meta({ description: "Answers 2xx or 3xx once `web` is ready." }),
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
      public: toldPath
        .default("public")
        .meta({ description: "The folder of the release that visitors see." }),
      ...files,
      front: properToldPath
        .refine((path) => path.endsWith(".php"), { error: 'name a script that ends in ".php"' })
        .nullable()
        .default("index.php")
        .meta({ description: "The script below `public` that answers where there is no file; null: none." }),
      health: urlPath.prefault("/").meta({ description: "Answers 2xx or 3xx if the site is well." }),
      user,
      php: php.prefault({}),
    }),
  ],
  { error: ({ code }) => (code === "invalid_union" ? 'write "static", "process" or "php"' : undefined) },
);
