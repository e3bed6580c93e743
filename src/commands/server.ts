import { GreenroomError } from "../errors.ts";
import { findServer } from "../servers/find-server.ts";
import { bindingOptions, bindServer, renderBound } from "./bind.ts";
import { type Context, defineCommand, flag, value } from "./command.ts";
import { restrictServer } from "./server-restrict.ts";
import { trustServer } from "./server-trust.ts";
import { leavingOptions, renderUnbound, unbindServer } from "./unbind.ts";

const choices = {
  yes: flag("don't ask: the host key was compared, the key's line may be replaced"),
  key: value("FILE", "restrict: the public key that is to call operations only"),
  ...bindingOptions,
  ...leavingOptions,
};

export default defineCommand({
  words: ["<verb>", "<name>", "[server]"],
  options: choices,
  changes: true,
  examples: [
    "greenroom server trust web1",
    "greenroom server restrict web1 --key ~/.ssh/deploy.pub",
    "greenroom server restrict web1 --key ~/.ssh/deploy.pub --yes",
    "greenroom server add-to production web4",
    "greenroom server remove-from production web4",
  ],
  run: async (context) => (context.words.length === 3 ? changeMembers(context) : changeServer(context)),
  render(result, paint) {
    if ("text" in result) return result.text;
    return "servers" in result ? renderUnbound(result) : renderBound(result, paint);
  },
});

async function changeServer({ app, words: [verb, name], options, dryRun, json }: Context<typeof choices>) {
  if (verb === "add-to" || verb === "remove-from") {
    throw new GreenroomError("USAGE", `greenroom server ${verb} which environment which server?`, {
      hint: `greenroom server ${verb} production web4`,
    });
  }
  const server = findServer(app.project().file, name!);
  if (verb === "trust") return trustServer(server, { asks: !options.yes, dryRun, json });
  if (verb === "restrict") return restrictServer(app, server, options.key, options.yes && !dryRun);
  throw unknownVerb(verb!);
}

async function changeMembers({ app, words: [verb, name, server], options, dryRun }: Context<typeof choices>) {
  const environment = name!;
  if (verb === "add-to") return bindServer(app, environment, server!, options, dryRun);
  if (verb !== "remove-from") throw unknownVerb(verb!);
  const { servers = [] } = app.project().file.environments[environment] ?? {};
  if (servers.length === 1 && servers[0] === server) {
    throw new GreenroomError("ENVIRONMENT_LIVE", `${server} is the only server of ${environment}`, {
      hint: `if it is to be on none: greenroom unbind ${environment} ${server}`,
    });
  }
  return unbindServer(app, environment, server!, { ...options, force: false }, dryRun);
}

function unknownVerb(verb: string): GreenroomError {
  return new GreenroomError("USAGE", `there is no greenroom server ${verb}`, {
    hint: "greenroom server trust, restrict, add-to or remove-from; greenroom server --help shows how",
  });
}
