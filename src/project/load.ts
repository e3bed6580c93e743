import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { errnoOf, GreenroomError } from "../errors.ts";
import { explainIssues } from "./explain.ts";
import { parseJson } from "./json.ts";
import { assertMeaningful } from "./meaning.ts";
import { PROJECT_FILE, type ProjectFile, projectSchema } from "./schema.ts";

export interface Project {
  dir: string;
  file: ProjectFile;
}

/** Reads the greenroom.json in `start`, or above it: a folder that the user named is meant as it is. */
export function loadProject(start: string, { climb = true } = {}): Project {
  const dir = findProject(start, climb);
  return { dir, file: parseProject(readProjectFile(dir)) };
}

function findProject(start: string, climb: boolean): string {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    if (existsSync(join(dir, PROJECT_FILE))) return dir;
    if (dir === dirname(dir) || !climb) break;
  }
  throw new GreenroomError(
    "CONFIG_MISSING",
    `there is no ${PROJECT_FILE} in ${resolve(start)}${climb ? " or above" : ""}`,
    {
      hint: "make one with: greenroom init",
    },
  );
}

function readProjectFile(dir: string): string {
  try {
    return readFileSync(join(dir, PROJECT_FILE), "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (!errnoOf(error)) throw error;
    throw new GreenroomError("CONFIG_INVALID", `${join(dir, PROJECT_FILE)} can't be read`, { cause: error });
  }
}

export function parseProject(text: string): ProjectFile {
  const parsed = projectSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const lines = explainIssues(parsed.error, knownKeys);
    throw new GreenroomError("CONFIG_INVALID", `${PROJECT_FILE}: ${lines[0]}`, {
      detail: [...new Set(lines.slice(1))],
      hint: "mend it there; what fits where, says: greenroom schema",
    });
  }
  assertMeaningful(parsed.data);
  return parsed.data;
}

/** The keys that the schema knows at a path, for suggestions. */
function knownKeys(path: PropertyKey[]): string[] {
  let schemas: JsonSchema[] = [
    z.toJSONSchema(projectSchema, { io: "input", unrepresentable: "any" }) as JsonSchema,
  ];
  for (const part of path) schemas = schemas.flatMap((schema) => step(schema, part));
  return schemas.flatMap(alternatives).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | false;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

function step(schema: JsonSchema, part: PropertyKey): JsonSchema[] {
  return alternatives(schema).flatMap((one) => {
    const next =
      typeof part === "number" ? one.items : (one.properties?.[String(part)] ?? one.additionalProperties);
    return next ? [next] : [];
  });
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
}
