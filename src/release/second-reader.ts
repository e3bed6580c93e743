import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from "node:worker_threads";
import { type ErrorCode, GreenroomError, translateErrno } from "../errors.ts";
import type { Emit } from "../events.ts";
import { claimShared, type ReadFile, type ReadJob, readFiles } from "./read-files.ts";

interface Assignment {
  job: ReadJob;
  /** First the next file that nobody has claimed, then how far the second thread is. */
  board: Int32Array;
  port: MessagePort;
}

/** An error's class doesn't travel between threads; its words do. */
interface Failure {
  code: ErrorCode | null;
  message: string;
  hint?: string;
}

type Answer = { read: ReadFile[] } | { failure: Failure };

/** How far the second thread is. One that hasn't begun when the work is done never will. */
const [ABSENT, READING, ANSWERED, UNNEEDED] = [0, 1, 2, 3];

/** One more thread can be started only from the one file that holds the whole program. */
export const canShare = import.meta.url.endsWith(".mjs");

/** Reads a job's files on two threads: most of the time goes into making files, which a second core does as well. */
export function readShared(job: ReadJob, emit: Emit): ReadFile[] {
  const board = new Int32Array(new SharedArrayBuffer(8));
  const { port1, port2 } = new MessageChannel();
  startSecond({ job: { ...job, store: { ...job.store, known: new Map() } }, board, port: port2 });
  const mine = readOwnShare(job, board, emit);
  if (!waitForSecond(board)) return mine;
  const { message } = receiveMessageOnPort(port1) as { message: Answer };
  if ("failure" in message) throw thrown(message.failure);
  return [...mine, ...message.read];
}

/** Where no thread can be had, or its file is gone, the first one reads alone. */
function startSecond(assignment: Assignment): void {
  try {
    const workerData = { secondReader: assignment };
    const worker = new Worker(new URL(import.meta.url), {
      workerData,
      transferList: [assignment.port],
      argv: [],
    });
    worker.on("error", () => {});
    worker.unref();
  } catch {
    assignment.port.close();
  }
}

/** Whether it took part; then it has answered. */
function waitForSecond(board: Int32Array): boolean {
  if (Atomics.compareExchange(board, 1, ABSENT, UNNEEDED) === ABSENT) return false;
  Atomics.wait(board, 1, READING);
  return true;
}

/** If this thread fails the other one stops, too: who cleans up must be alone. */
function readOwnShare(job: ReadJob, board: Int32Array, emit: Emit): ReadFile[] {
  try {
    return readFiles(job, claimShared(board, job.files.length, emit), "first");
  } catch (error) {
    Atomics.store(board, 0, job.files.length);
    waitForSecond(board);
    throw error;
  }
}

/** The second thread's part. */
export function answerAssignment(): void {
  const { job, board, port } = (workerData as { secondReader: Assignment }).secondReader;
  if (Atomics.compareExchange(board, 1, ABSENT, READING) !== ABSENT) return;
  port.postMessage(answer(job, board));
  Atomics.store(board, 1, ANSWERED);
  Atomics.notify(board, 1);
}

function answer(job: ReadJob, board: Int32Array): Answer {
  try {
    return { read: readFiles(job, claimShared(board, job.files.length, null), "second") };
  } catch (error) {
    const known = translateErrno(error);
    if (!(known instanceof GreenroomError)) return { failure: { code: null, message: String(error) } };
    return { failure: { code: known.code, message: known.message, hint: known.hint } };
  }
}

function thrown({ code, message, hint }: Failure): Error {
  return code === null ? new Error(message) : new GreenroomError(code, message, { hint });
}
