import { expect, onTestFinished, test } from "vitest";
import { createHttpServer, type Respond } from "../../../src/serving/router/server.ts";
import { ask } from "./client.ts";

test.each<[string, Respond]>([
  [
    "throws",
    () => {
      throw new Error("a bug");
    },
  ],
  ["rejects", () => Promise.reject(new Error("a bug"))],
])("a handler that %s is a 500 without details, a warning, and no end of the process", async (_, respond) => {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const server = createHttpServer(respond);
  onTestFinished(() => server.close(0));
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  for (let round = 0; round < 2; round++) {
    const answer = await ask(port, "/");
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("bug");
  }
  expect(warnings.join()).toContain("a bug");
});

test("a handler that fails in the middle breaks the connection", async () => {
  const server = createHttpServer(async (_, res) => {
    res.write("half");
    throw new Error("a bug");
  });
  onTestFinished(() => server.close(0));
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  await expect(ask(port, "/")).rejects.toThrow();
});
