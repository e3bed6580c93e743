import { request } from "node:http";
import { errnoOf, GreenroomError } from "../../errors.ts";
import type { Supervisord } from "./places.ts";
import { parseAnswer, renderCall, type Value } from "./xml.ts";

/** supervisord's refusal of one call. */
export class RpcFault extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Its numbers for what isn't always an error here. */
export const FAULT = {
  badName: 10,
  spawnError: 50,
  alreadyStarted: 60,
  notRunning: 70,
  alreadyAdded: 90,
  stillRunning: 91,
  cantReread: 92,
} as const;

/** Calls supervisord. Rejects with an RpcFault where it refuses, with SUPERVISOR_REFUSED where it can't be reached. */
export async function call(
  supervisord: Supervisord,
  method: string,
  ...params: (string | number | boolean)[]
): Promise<Value> {
  const { status, body } = await post(supervisord, renderCall(method, params));
  if (status !== 200) throw unreachable(supervisord, `it answered with status ${status}`);
  const answer = parseAnswer(body);
  if ("value" in answer) return answer.value;
  throw new RpcFault(answer.fault.faultCode, answer.fault.faultString);
}

/** The same; the faults named are answers, too: null. */
export async function callUnless(
  faults: number[],
  supervisord: Supervisord,
  method: string,
  ...params: (string | number | boolean)[]
): Promise<Value> {
  try {
    return await call(supervisord, method, ...params);
  } catch (error) {
    if (error instanceof RpcFault && faults.includes(error.code)) return null;
    throw error;
  }
}

const PATIENCE = 15_000;

function post(supervisord: Supervisord, text: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(unreachable(supervisord, describe(error), error));
    const headers = { "content-type": "text/xml", "content-length": Buffer.byteLength(text) };
    const where = { socketPath: supervisord.socket, path: "/RPC2", method: "POST", headers, agent: false };
    const asked = request({ ...where, timeout: PATIENCE }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => (body += chunk));
      response.on("error", fail).on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
    asked.on("error", fail).end(text);
  });
}

function describe(error: Error): string {
  const code = errnoOf(error);
  if (code === "ENOENT" || code === "ECONNREFUSED") return "nothing listens there";
  if (code === "EACCES") return FORBIDDEN;
  return error.message;
}

const FORBIDDEN = "this account may not use it";

function hintFor(reason: string): string {
  const act = reason === FORBIDDEN ? "give the command as root" : "systemctl start supervisor";
  return `${act}, or greenroom setup --unprivileged`;
}

function unreachable({ socket, own }: Supervisord, reason: string, cause?: Error): GreenroomError {
  return new GreenroomError("SUPERVISOR_REFUSED", `supervisord can't be reached at ${socket}: ${reason}`, {
    hint: own ? "greenroom up" : hintFor(reason),
    cause,
  });
}
