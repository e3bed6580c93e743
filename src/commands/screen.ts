import { ERRORS, GreenroomError, translateErrno } from "../errors.ts";
import type { Emit, Event } from "../events.ts";
import { createPaint, type Paint } from "./paint.ts";
import { createProgress } from "./progress.ts";

/** Where a command's events, its answer and its failure go. */
export interface Screen {
  emit: Emit;
  succeed(result: unknown, render: (paint: Paint) => string): void;
  /** The exit code that fits. */
  fail(error: unknown): number;
}

/** The exit code of a bug of ours. */
export const BUG = 70;

export function createScreen(json: boolean): Screen {
  // Whoever read us may be gone; what was done is done all the same, and the exit code says so.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return json ? jsonScreen() : humanScreen();
}

function jsonScreen(): Screen {
  const emit = (event: Event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    emit,
    succeed: (result) => emit({ event: "result", result }),
    fail(error) {
      const { exit, code, message, hint, detail } = explain(error);
      emit({ event: "error", code, message, hint, detail });
      return exit;
    },
  };
}

function humanScreen(): Screen {
  const wantsColour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const paint = createPaint(wantsColour);
  const progress = createProgress(process.stderr);
  const say = (line: string) => {
    progress.clear();
    process.stderr.write(`${line}\n`);
  };
  return {
    emit(event) {
      if (event.event === "step") say(paint.dim(`· ${event.text}`));
      if (event.event === "line") say(`${paint.dim(`${event.source} |`)} ${event.text}`);
      if (event.event === "warning") say(`${paint.yellow("warning")}  ${event.text}`);
      if (event.event === "ready") say(`listening on ${event.url}`);
      if (event.event === "progress") progress.show(event);
    },
    succeed(_result, render) {
      progress.clear();
      process.stdout.write(`${render(paint)}\n`);
    },
    fail(error) {
      const { exit, code, message, hint, detail } = explain(error);
      say(`${paint.red("error")}  ${code}  ${message}`);
      for (const line of detail) say(`       ${line}`);
      if (hint) say(`${paint.bold("try")}    ${hint}`);
      return exit;
    },
  };
}

function explain(thrown: unknown) {
  const error = translateErrno(thrown);
  if (error instanceof GreenroomError) {
    const { code, message, hint, detail } = error;
    return { exit: ERRORS[code].exit, code, message, hint, detail };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message).split("\n") : [String(error)];
  return {
    exit: BUG,
    code: "BUG",
    message: "this is a bug of Greenroom's",
    hint: "please report it",
    detail,
  };
}
