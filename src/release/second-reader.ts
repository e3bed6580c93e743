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
  /** First the next file that nobody has claimed, then whether the answer is there. */
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

const ANSWERED = 1;

/** One more thread can be started only from the one file that holds the whole program. */
export const canShare = import.meta.url.endsWith(".mjs");

/** Reads a job's files on two threads: most of the time goes into making files, which a second core does as well. */
export function readShared(job: ReadJob, emit: Emit): ReadFile[] {
  const board = new Int32Array(new SharedArrayBuffer(8));
  const { port1, port2 } = new MessageChannel();
  const workerData = {
    secondReader: { job: { ...job, store: { ...job.store, known: new Map() } }, board, port: port2 },
  };
  const worker = new Worker(new URL(import.meta.url), { workerData, transferList: [port2], argv: [] });
  worker.unref();
  const mine = readOwnShare(job, board, emit);
  Atomics.wait(board, ANSWERED, 0);
  const { message } = receiveMessageOnPort(port1) as { message: Answer };
  if ("failure" in message) throw thrown(message.failure);
  return [...mine, ...message.read];
}

/** If this thread fails the other one stops, too: who cleans up must be alone. */
function readOwnShare(job: ReadJob, board: Int32Array, emit: Emit): ReadFile[] {
  try {
    return readFiles(job, claimShared(board, job.files.length, emit), "first");
  } catch (error) {
    Atomics.store(board, 0, job.files.length);
    Atomics.wait(board, ANSWERED, 0);
    throw error;
  }
}

/** The second thread's part. */
export function answerAssignment(): void {
  const { job, board, port } = (workerData as { secondReader: Assignment }).secondReader;
  port.postMessage(answer(job, board));
  Atomics.store(board, ANSWERED, 1);
  Atomics.notify(board, ANSWERED);
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
