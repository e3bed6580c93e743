import { z } from "zod";
import type { Course } from "../environment/likeness.ts";
import { SIDES } from "../environment/sides.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import { isName } from "../names.ts";
import { properPath, properToldPath, questions, toldPath } from "../project/fields.ts";
import { assertTasksFit } from "../project/meaning.ts";
import { headers } from "../project/serve-schema.ts";

// What comes over a line was made by a Greenroom from a greenroom.json, or by somebody who only says so.

const name = z.string().refine(isName);
const text = z.string().refine((value) => !value.includes("\0"));
/** In milliseconds, as far as timers go. */
const duration = z
  .number()
  .nonnegative()
  .max(2 ** 31 - 1);
const absolute = text.startsWith("/");
const keyPair = z.strictObject({ certificate: absolute, key: absolute });
const user = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
  .nullable();
const variables = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text);
const urlPath = z.string().regex(/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/);
const files = { headers, immutable: z.array(properToldPath).optional() };

const serve = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("static"), public: toldPath, ...files }),
  z.strictObject({
    kind: z.literal("process"),
    start: z
      .record(name, text)
      .refine((start) => "web" in start)
      .transform((start) => start as Record<string, string> & { web: string }),
    public: toldPath.nullable(),
    ...files,
    health: urlPath,
    listen: z.enum(["socket", "port"]),
    startWithin: duration,
    drain: duration,
    user,
  }),
  z.strictObject({
    kind: z.literal("php"),
    public: toldPath,
    ...files,
    front: properToldPath.nullable(),
    health: urlPath,
    user,
    php: z.strictObject({
      memory: z.number(),
      upload: z.number(),
      time: duration,
      workers: z.number(),
      confined: z.boolean(),
      ini: z.record(z.string().regex(/^[A-Za-z_][\w.-]*$/), text),
    }),
  }),
]);

const task = z.strictObject({
  run: text,
  on: z.enum(["rehearsal", "live"]),
  timeout: duration,
  needs: z.array(name),
});

const check = z.union([
  z.strictObject({ http: urlPath, status: z.number(), contains: text.nullable(), within: duration }),
  z.strictObject({ files: z.array(properPath) }),
  z.strictObject({ shrinks: z.number() }),
  z.strictObject({ task: name }),
]);

/** An environment as another machine wants it here. Names and paths in it lead nowhere else. */
const whole = z.strictObject({
  project: name,
  environment: name,
  domain: questions.domain,
  subdomains: z.boolean(),
  previews: z.enum(["secret", "open"]),
  tls: z
    .strictObject({
      own: z.union([z.literal("acme"), keyPair]),
      previews: z.union([z.literal("acme"), keyPair]).nullable(),
    })
    .nullable(),
  keep: z.int().min(1),
  switch: z.enum(["manual", "auto"]),
  servers: z.array(name),
  serve,
  env: variables,
  storage: z.array(properToldPath),
  config: z.array(z.strictObject({ path: properPath, content: z.string() })),
  tasks: z.record(name, task),
  checks: z.array(check),
  hooks: z.record(text, z.array(name)),
}) satisfies z.ZodType<EnvironmentSpec>;

export const specSchema: z.ZodType<EnvironmentSpec> = whole.superRefine((spec, context) => {
  try {
    assertTasksFit(spec);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
  }
});

/** Who gets what on the environment's other servers. */
export const courseSchema = z.strictObject({
  live: z.enum(SIDES),
  share: z.int().min(0).max(99),
  paused: z.iso.datetime().nullable(),
  history: z.array(name),
  bad: z.array(name),
}) satisfies z.ZodType<Course>;

/** Of preview addresses: it becomes a file's name. */
export const secretSchema = z.string().regex(/^[a-z0-9]{8,40}$/);
