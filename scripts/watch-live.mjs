// Asks the live page over and over and tells when its release changes, and whether a request was lost.
import { Agent, get } from "node:http";

const PAUSE = 20;
const GRACE = 500;

export function watchLive(url, port, say) {
  const agent = new Agent({ keepAlive: true });
  const { host } = new URL(url);
  let [asked, lost, release, stopped] = [0, 0, "", false];

  const next = () => {
    if (stopped) return;
    get({ port, host: "127.0.0.1", agent, headers: { host } }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text) => (body += text));
      answer.on("end", () =>
        settle(answer.statusCode === 200 ? (/release (\S+) on/.exec(body)?.[1] ?? null) : null),
      );
    }).on("error", () => settle(null));
  };
  const settle = (seen) => {
    asked += 1;
    if (seen === null) {
      // Ctrl-C reaches the server and us in no order: what ends with it isn't lost.
      setTimeout(() => {
        if (stopped) return;
        lost += 1;
        say(`a request was lost: ${lost} of ${asked}`);
      }, GRACE);
    } else if (seen && release && seen !== release)
      say(`live: ${release} → ${seen}   (${asked} requests, ${lost} lost)`);
    release = seen ?? release;
    setTimeout(next, PAUSE);
  };
  next();
  return {
    stop() {
      stopped = true;
      agent.destroy();
    },
  };
}
