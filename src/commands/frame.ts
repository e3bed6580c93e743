import { Command as Commander, CommanderError } from "commander";
import { createApp } from "../app.ts";
import { GreenroomError } from "../errors.ts";
import { blameRoot } from "./blame-root.ts";
import type { Command, Context, Options } from "./command.ts";
import { commands } from "./index.ts";
import { nameEnvironment } from "./name-environment.ts";
import { createScreen, type Screen } from "./screen.ts";

/** Parses, calls, prints; answers the exit code. */
export async function main(argv: string[], version: string): Promise<number> {
  const screen = createScreen(argv.includes("--json"));
  let exit = 0;
  const program = await buildProgram(argv, screen, version, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : argv, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return screen.fail(error instanceof CommanderError ? usageError(error, typedIn(argv)) : error);
  }
}

type Exit = (code: number) => void;

async function buildProgram(argv: string[], screen: Screen, version: string, exit: Exit): Promise<Commander> {
  const program = new Commander("greenroom")
    .description("Stages, rehearses and releases websites on your own servers.")
    .version(version)
    .enablePositionalOptions()
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .addHelpText("after", FIRST_STEPS);
  const typed = typedIn(argv);
  for (const [name, { about, load }] of Object.entries(commands)) {
    const child = program.command(name).description(about);
    // Only the command that was typed is loaded; the others are there for the list.
    if (name === typed) declare(child, (await load()).default, screen, version, exit);
  }
  return program;
}

function typedIn(argv: string[]): string | undefined {
  return argv.find((word) => !word.startsWith("-"));
}

const FIRST_STEPS = `
Examples:
  greenroom init                  write a greenroom.json
  greenroom up                    serve this machine's environments
  greenroom deploy production     stage and check; the first time, go live
  greenroom switch production     make the rehearsal live
  greenroom rollback production   return to the release before`;

function declare(child: Commander, command: Command, screen: Screen, version: string, exit: Exit): void {
  for (const word of command.words) child.argument(word);
  for (const [name, option] of Object.entries(command.options)) {
    const spoken = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    child.option(option.kind === "flag" ? spoken : `${spoken} <${option.name}>`, option.about);
  }
  if (command.changes) child.option("--dry-run", "show what would be done, and do nothing");
  child
    .option("--json", "answer in JSON, one event a line, the last one the result")
    .option("--root <DIR>", "where releases and environments are; else $GREENROOM_ROOT")
    .option("--project <DIR>", "where greenroom.json is; else here or above")
    .addHelpText("after", `\nExamples:\n${command.examples.map((example) => `  ${example}`).join("\n")}`)
    .action(async (...given: unknown[]) => {
      const words = given.slice(0, command.words.length).filter((word) => word !== undefined) as string[];
      exit(await call(command, words, child.opts(), screen, version));
    });
}

type Parsed = Record<string, boolean | string | undefined>;

async function call(
  command: Command,
  words: string[],
  parsed: Parsed,
  screen: Screen,
  version: string,
): Promise<number> {
  assertGiven(parsed);
  const app = createApp({
    root: parsed.root as string | undefined,
    project: parsed.project as string | undefined,
    emit: screen.emit,
    version,
  });
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { kind }]) => [
      name,
      kind === "flag" ? parsed[name] === true : parsed[name],
    ]),
  ) as Parameters<Command<Options>["run"]>[0]["options"];
  const [dryRun, json] = [parsed.dryRun === true, parsed.json === true];
  const result = await answer(command, { app, words, options, dryRun, json });
  const failure = command.failure?.(result) ?? null;
  return screen.succeed(result, (paint) => command.render(result, paint), failure);
}

async function answer(command: Command, context: Context): Promise<unknown> {
  try {
    return await command.run(context);
  } catch (error) {
    throw nameEnvironment(blameRoot(error, context.app.root), context.app, context.words);
  }
}

/** `--release "$V"` with nothing in V, or `--from --root DIR`, would mean something else than it says. */
function assertGiven(parsed: Parsed): void {
  const lacks = (value: Parsed[string]) => value === "" || String(value).startsWith("--");
  const empty = Object.keys(parsed).find((name) => lacks(parsed[name]));
  if (empty)
    throw new GreenroomError("USAGE", `--${empty} was given without a value`, { hint: "leave it out" });
}

function usageError(error: CommanderError, typed: string | undefined): GreenroomError {
  const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const nearest = rest
    .join(" ")
    .trim()
    .replace(/^\(|\)$/g, "");
  const isCommand = typed !== undefined && Object.hasOwn(commands, typed);
  const hint = nearest || (isCommand ? `greenroom ${typed} --help` : "greenroom --help");
  return new GreenroomError("USAGE", message, { hint });
}
