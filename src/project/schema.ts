import { z } from "zod";
import {
  domain,
  innerPath,
  limit,
  line,
  name,
  percent,
  properPath,
  properToldPath,
  rootPath,
  urlPath,
  variables,
} from "./fields.ts";
import { serve } from "./serve-schema.ts";

export const PROJECT_FILE = "greenroom.json";

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
  description:
    "A file in PEM, absolute; where nothing is on servers, also beside greenroom.json. Never released.",
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
  servers: z
    .array(name)
    .default(["local"])
    .meta({ description: "Where it is; empty once it was taken off the last one." }),
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
  root: rootPath
    .prefault("/srv/greenroom")
    .meta({ description: "Where releases and environments are there." }),
  hostKey: z
    .string()
    .regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*$/, { error: 'write "ssh-ed25519 AAAA…", without a name' })
    .nullable()
    .default(null)
    .meta({ description: "The only host key that it may show; else one that you have trusted." }),
});

/** What `greenroom provision` brings to a server besides what Greenroom needs there. */
const provision = z.strictObject({
  packages: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, { error: "write the name of a Debian package" }))
    .default([])
    .meta({ description: "More Debian packages, for instance php-mysql." }),
  run: z
    .array(line)
    .default([])
    .meta({ description: "Shell lines, run by root at the end, each once on a server." }),
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
  storage: z.array(properToldPath).default([]).meta({ description: "Paths that outlive releases." }),
  config: z
    .record(properPath, properPath)
    .default({})
    .meta({ description: "Rendered files by their path in the release, each from a Handlebars template." }),
  env: variables.default({}),
  servers: z
    .record(name, server)
    .refine((all) => !("local" in all), { error: '"local" is the machine that you type on' })
    .prefault({}),
  provision: provision.prefault({}),
  tasks: z.record(name, task).default({}),
  checks: z.array(check).default([]),
  hooks: z.partialRecord(z.enum(MOMENTS), z.array(name)).default({}),
  environments: z
    .record(name, environment)
    .refine((all) => Object.keys(all).length > 0, { error: "name at least one environment" }),
});

export type ProjectFile = z.output<typeof projectSchema>;
