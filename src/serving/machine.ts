import { z } from "zod";
import { readJson } from "../disk/durable.ts";
import { GreenroomError } from "../errors.ts";
import { machinePath } from "./machine-file.ts";

export const ROUTERS = ["embedded", "nginx"] as const;
export const SUPERVISORS = ["embedded", "supervisord"] as const;

export const ACCOUNTS = ["own", "shared"] as const;

/** An address and a port: `127.0.0.1:8080`, `[::1]:8080`, or the port alone. */
const address = z.string().regex(/^(?:(?:\[[0-9a-f:]+\]|[a-z0-9.-]+):)?\d{1,5}$/, {
  error: "write an address and a port, for instance 127.0.0.1:8080",
});

function oneOf<const T extends string>(words: readonly T[]) {
  return z.enum(words, { error: `write ${words.join(" or ")}` });
}

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

const schema = z
  .strictObject({
    router: oneOf(ROUTERS).default("embedded"),
    supervisor: oneOf(SUPERVISORS).default("embedded"),
    /** Where visitors come in. */
    listen: z.array(address).min(1).default(["127.0.0.1:8080"]),
    /** Where they come in by https; nowhere, if this is empty. */
    listenTls: z.array(address).default([]),
    /** Who certifies domains whose environments say `"tls": "acme"`. To name it is to agree to its terms. */
    acme: z
      .strictObject({
        directory: z
          .url({ protocol: /^https$/, error: "write the address of an ACME directory" })
          .default(LETS_ENCRYPT),
        email: z.email({ error: "write an email address" }).nullable().default(null),
        /** The program that sets and clears DNS records; null: no wildcards are ordered. */
        dns: z
          .string()
          .regex(/^\//, { error: "write the whole path of a program, from / on" })
          .nullable()
          .default(null),
        /** Seconds between a record that is set and the authority that looks for it. */
        dnsWait: z.int({ error: "write a number of seconds" }).min(0).max(3600).default(60),
      })
      .prefault({}),
    /** When a log of nginx or PHP-FPM is moved aside, and how many such are kept. */
    logs: z
      .strictObject({
        bytes: z.int().min(1000).default(10_000_000),
        kept: z.int().min(1).max(1000).default(5),
      })
      .prefault({}),
    /** Whom the machine's nginx runs its workers as, as `chown` takes it; null: whom Greenroom would have them run as. */
    webUser: z.string().nullable().default(null),
    /** Whether each environment's programs have an account to themselves, where root serves; null: as is usual there. */
    accounts: oneOf(ACCOUNTS).nullable().default(null),
    /** Greenroom starts the real parts itself, as whoever runs it, instead of using the machine's. */
    unprivileged: z.boolean().default(false),
  })
  .refine(({ router, listenTls }) => router === "nginx" || listenTls.length === 0, {
    path: ["listenTls"],
    error: "only nginx answers by https",
  });

/** What serves the environments of a root: `machine.json`, written by `greenroom setup`. */
export type Machine = z.infer<typeof schema>;

/** Where visitors come in, without TLS and with it. */
export type Doors = Pick<Machine, "listen" | "listenTls" | "unprivileged">;

/** A root that was never set up serves by itself. */
export function readMachine(root: string): Machine {
  return parseMachine(readJson(machinePath(root)) ?? {});
}

export function parseMachine(value: unknown): Machine {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GreenroomError("CONFIG_INVALID", `machine.json: ${issue!.path.join(".")}: ${issue!.message}`, {
    hint: "greenroom setup --help; to begin anew: greenroom setup --remove",
  });
}

/** What is set up already, with what was wished for on the command line: only that can be wrong of it. */
export function parseWishes(before: Machine, wishes: Partial<Machine>): Machine {
  const parsed = schema.safeParse({ ...before, ...wishes });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GreenroomError("USAGE", `${optionOf(issue!.path)}: ${issue!.message}`, {
    hint: "greenroom setup --help",
  });
}

/** `listenTls`, and which of them: `--listen-tls`. */
function optionOf(path: PropertyKey[]): string {
  const words = path.filter((key) => typeof key === "string");
  return `--${words.join("-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
