import { z } from "zod";
import type { Intent } from "../environment/intent.ts";
import { LONGEST_PAUSE } from "../environment/pause.ts";
import { SIDES } from "../environment/sides.ts";
import type { EnvironmentSpec } from "../environment/spec.ts";
import type { Scene } from "../environment/world.ts";
import { GreenroomError } from "../errors.ts";
import { isName } from "../names.ts";
import type { operations } from "./operations.ts";
import { performHere, withIntent } from "./perform.ts";
import { courseSchema, secretSchema, specSchema } from "./spec-schema.ts";

const version = z.string().refine(isName);
const dryRun = z.boolean();
const force = z.boolean();
const side = z.enum(SIDES);

/** What each operation takes, where its caller is on another machine and might say anything. */
const inputs = {
  stage: z.strictObject({
    release: version,
    side: side.optional(),
    secret: secretSchema.optional(),
    dryRun,
  }),
  check: z.strictObject({ side: side.optional(), release: version.optional(), dryRun }),
  join: z.strictObject({ course: courseSchema, dryRun }),
  switch: z.strictObject({ release: version.optional(), force, dryRun }),
  rollback: z.strictObject({ to: version.nullable(), force, dryRun }),
  canary: z.strictObject({ share: z.int().min(0).max(99), force, dryRun }),
  pause: z.strictObject({ hold: z.number().positive().max(LONGEST_PAUSE), dryRun }),
  resume: z.strictObject({ dryRun }),
  verify: z.strictObject({ dryRun }),
  prune: z.strictObject({ dryRun }),
  remove: z.strictObject({ force, storage: z.boolean(), dryRun }),
} satisfies Record<OperationName, z.ZodType>;

export type OperationName = keyof typeof operations;
export type Input<N extends OperationName> = Parameters<(typeof operations)[N]>[1];
export type Output<N extends OperationName> = Awaited<ReturnType<(typeof operations)[N]>>;

const intentSchema = z.strictObject({
  id: z.uuid(),
  operation: z.enum(["switch", "rollback", "canary", "pause", "resume"]),
  input: z.looseObject({}),
  servers: z.array(z.string()),
  by: z.string(),
  at: z.iso.datetime(),
}) satisfies z.ZodType<Intent>;

/** What another machine means to do on this one and others, with input that its operation takes. */
export function parseIntent(value: unknown): Intent {
  const intent = parse(intentSchema, value);
  return { ...intent, input: parse<object>(inputs[intent.operation], intent.input) };
}

/** Does to an environment here what somebody elsewhere asks for. */
export function perform(
  sceneOf: (spec: EnvironmentSpec) => Scene,
  { operation, spec, input, intent }: Record<"operation" | "spec" | "input" | "intent", unknown>,
): Promise<object> {
  const name = z.enum(Object.keys(inputs) as [OperationName]).safeParse(operation);
  if (!name.success) throw refused(`there is no operation ${JSON.stringify(operation)}`);
  const scene = withIntent(sceneOf(parse(specSchema, spec)), parse(z.uuid().optional(), intent));
  return performHere(scene, name.data, parse<{ dryRun: boolean }>(inputs[name.data], input));
}

export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(`${issue!.path.join(".")}: ${issue!.message}`);
}

function refused(why: string): GreenroomError {
  return new GreenroomError("CALL_REFUSED", `this server takes no such call: ${why}`, {
    hint: "use the same version of Greenroom on both machines",
  });
}
