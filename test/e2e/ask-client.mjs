// Asks one question from where it is run, and prints the answer: for servers in a network of their own.
import { request as plainly } from "node:http";
import { request as securely } from "node:https";

const { port, host, path, method = "GET", size = 0, ca } = JSON.parse(process.argv[2]);
const to = { host: "127.0.0.1", port, path, method, headers: { host }, agent: false };
const asked = ca ? securely({ ...to, ca, servername: host }) : plainly(to);
asked.on("response", async (answer) => {
  let said = "";
  for await (const chunk of answer.setEncoding("utf8")) said += chunk;
  console.log(JSON.stringify({ status: answer.statusCode, headers: answer.headers, body: said }));
});
asked.on("error", (error) => {
  console.log(JSON.stringify({ status: 0, headers: {}, body: error.message }));
});
asked.end("x".repeat(size));
