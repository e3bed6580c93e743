import { Agent, request } from "node:http";

export interface Visitor {
  /** As the server named it; a server that forgets its visitors names none. */
  cookie: string | null;
  side: Side;
}

type Side = "live" | "canary";

export interface Asking {
  port: number;
  host: string;
  /** What the page says to those in the canary. */
  canary: string;
}

/** Visitors who were never here before. */
export function newVisitors(asking: Asking, count: number): Promise<Visitor[]> {
  return inTurn(
    asking,
    Array.from({ length: count }, () => null),
  );
}

/** The same visitors once more, each with the cookie that it was given. */
export async function askAgain(asking: Asking, visitors: Visitor[]): Promise<Visitor[]> {
  const cookies = visitors.map(({ cookie }) => cookie);
  const again = await inTurn(asking, cookies);
  return again.map(({ cookie, side }, i) => ({ cookie: cookie ?? cookies[i]!, side }));
}

/** How many changed from one side to the other. */
export function moved(before: Visitor[], after: Visitor[], from: Side): number {
  return before.filter(({ side }, i) => side === from && after[i]!.side !== from).length;
}

export function countCanary(visitors: Visitor[]): number {
  return visitors.filter(({ side }) => side === "canary").length;
}

/** How far a count is from a share of all, in standard deviations. */
export function deviation(count: number, all: number, share: number): number {
  return (count - all * share) / Math.sqrt(all * share * (1 - share));
}

const AT_ONCE = 32;

async function inTurn(asking: Asking, cookies: (string | null)[]): Promise<Visitor[]> {
  const agent = new Agent({ keepAlive: true });
  const answers: Visitor[] = [];
  let next = 0;
  const ask = async () => {
    for (let i = next++; i < cookies.length; i = next++)
      answers[i] = await askOnce(asking, agent, cookies[i]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  agent.destroy();
  return answers;
}

function askOnce({ port, host, canary }: Asking, agent: Agent, cookie: string | null): Promise<Visitor> {
  const headers = { host, ...(cookie !== null && { cookie }) };
  return new Promise((answered, failed) => {
    const asked = request({ port, host: "127.0.0.1", headers, agent }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      answer.on("error", failed).on("end", () => {
        if (answer.statusCode !== 200) return failed(new Error(`status ${answer.statusCode}`));
        const given = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? null;
        answered({ cookie: given, side: body.trim() === canary ? "canary" : "live" });
      });
    });
    asked.on("error", failed).end();
  });
}
