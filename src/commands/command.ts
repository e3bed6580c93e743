import type { App } from "../app.ts";
import type { GreenroomError } from "../errors.ts";
import type { Paint } from "./paint.ts";

interface Flag {
  kind: "flag";
  about: string;
}

interface Value {
  kind: "value";
  /** What stands for the value in help: VERSION. */
  name: string;
  about: string;
}

export type Options = Record<string, Flag | Value>;

export type Given<O extends Options> = {
  [K in keyof O]: O[K] extends Flag ? boolean : string | undefined;
};

export function flag(about: string): Flag {
  return { kind: "flag", about };
}

export function value(name: string, about: string): Value {
  return { kind: "value", name, about };
}

export interface Context<O extends Options = Options> {
  app: App;
  /** The words after the command's name. */
  words: string[];
  options: Given<O>;
  dryRun: boolean;
  /** A program reads the answer: nobody is there to be asked. */
  json: boolean;
}

/** What a person can type. It loads, calls and answers; the frame parses, prints and exits. */
export interface Command<O extends Options = Options, R = unknown> {
  /** `[environment]` may be left out, `<share>` may not. */
  words: string[];
  options: O;
  /** It takes --dry-run. */
  changes: boolean;
  examples: string[];
  run(context: Context<O>): Promise<R> | R;
  /** The answer for people, where --json doesn't ask for the answer itself. */
  render(result: R, paint: Paint): string;
  /** What is wrong beside an answer that is worth showing; it says the exit code. */
  failure?(result: R): GreenroomError | null;
}

export function defineCommand<const O extends Options, R>(command: Command<O, R>): Command {
  return command as unknown as Command;
}
