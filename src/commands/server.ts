import { GreenroomError } from "../errors.ts";
import { findServer } from "../servers/find-server.ts";
import { defineCommand, flag, value } from "./command.ts";
import { restrictServer } from "./server-restrict.ts";
import { trustServer } from "./server-trust.ts";

export default defineCommand({
  words: ["<verb>", "<server>"],
  options: {
    yes: flag("don't ask: the host key was compared, the key's line may be replaced"),
    key: value("FILE", "restrict: the public key that is to call operations only"),
  },
  changes: true,
  examples: [
    "greenroom server trust web1",
    "greenroom server restrict web1 --key ~/.ssh/deploy.pub",
    "greenroom server restrict web1 --key ~/.ssh/deploy.pub --yes",
  ],
  async run({ app, words: [verb, name], options, dryRun, json }) {
    const server = findServer(app.project().file, name!);
    if (verb === "trust") return trustServer(server, { asks: !options.yes, dryRun, json });
    if (verb === "restrict") return restrictServer(app, server, options.key, options.yes && !dryRun);
    throw new GreenroomError("USAGE", `there is no greenroom server ${verb}`, {
      hint: "greenroom server trust SERVER, or greenroom server restrict SERVER",
    });
  },
  render: ({ text }) => text,
});
