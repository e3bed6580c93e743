import { ERRORS, errnoOf, GreenroomError, translateErrno } from "../errors.ts";
import type { Emit, Event } from "../events.ts";
import { renderLine } from "./log-lines.ts";
import { createPaint, type Paint } from "./paint.ts";
import { createProgress } from "./progress.ts";
import { visible, visibleInColour } from "./visible.ts";

/** Where a command's events, its answer and its failure go. */
export interface Screen {
  emit: Emit;
  /** `failure` is what is wrong beside the answer. The exit code that fits. */
  succeed(result: unknown, render: (paint: Paint) => string, failure: GreenroomError | null): number;
  /** The exit code that fits. */
  fail(error: unknown): number;
}

/** The exit code of a bug of ours. */
export const BUG = 70;

export function createScreen(json: boolean): Screen {
  process.stderr.on("error", () => {});
  watchAnswer();
  return json ? jsonScreen() : humanScreen();
}

/** Whoever read us may be gone: what was done is done. But an answer that found no room is no success. */
function watchAnswer(): void {
  let lost: Error | null = null;
  process.stdout.on("error", (error) => {
    if (errnoOf(error) !== "EPIPE") lost ??= error;
  });
  process.on("exit", (code) => {
    if (!lost || code !== 0) return;
    process.stderr.write(`error  IO_FAILED  the answer could not be written: ${lost.message}\n`);
    process.exitCode = ERRORS.IO_FAILED.exit;
  });
}

function jsonScreen(): Screen {
  const emit = (event: Event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  const fail = (error: unknown) => {
    const { exit, code, message, hint, detail } = explain(error);
    emit({ event: "error", code, message, hint, detail });
    return exit;
  };
  return {
    emit,
    fail,
    succeed(result, _render, failure) {
      const exit = failure ? fail(failure) : 0;
      emit({ event: "result", result });
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
  const fail = (error: unknown) => {
    const { exit, code, message, hint, detail } = explain(error);
    say(`${paint.red("error")}  ${code}  ${visible(message)}`);
    for (const line of detail.join("\n").split("\n"))
      if (line) say(`       ${visible(line.replaceAll("\t", "    "))}`);
    if (hint) say(`${paint.bold("try")}    ${visible(hint)}`);
    return exit;
  };
  return {
    emit(event) {
      if (event.event === "step") say(paint.dim(`· ${visible(event.text)}`));
      if (event.event === "line") say(`${paint.dim(`${event.source} |`)} ${visibleInColour(event.text)}`);
      if (event.event === "warning") say(`${paint.yellow("warning")}  ${visible(event.text)}`);
      if (event.event === "logged") process.stdout.write(`${renderLine(event, event.several, paint)}\n`);
      if (event.event === "ready") say(`listening on ${event.url}`);
      if (event.event === "progress") progress.show(event);
    },
    fail,
    succeed(_result, render, failure) {
      progress.clear();
      process.stdout.write(`${visibleInColour(render(paint))}\n`);
      return failure ? fail(failure) : 0;
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
