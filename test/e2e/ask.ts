import { request } from "node:http";

export interface Page {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Asks a local server for a host that no name server knows. */
export function ask(
  port: number,
  host: string,
  path = "/",
  options: { method?: string; body?: string } = {},
): Promise<Page> {
  return new Promise((answered, failed) => {
    const asked = request(
      { port, host: "127.0.0.1", path, method: options.method ?? "GET", headers: { host }, agent: false },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        answer.on("end", () => answered({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        answer.on("error", failed);
      },
    );
    asked.on("error", failed).end(options.body);
  });
}
