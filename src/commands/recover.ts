import { recoverFleet } from "../servers/fleet/recover.ts";
import { defineCommand } from "./command.ts";
import { withHosts } from "./with-place.ts";

export default defineCommand({
  words: ["[environment]"],
  options: {},
  changes: false,
  examples: ["greenroom recover production"],
  run: ({ app, words }) =>
    withHosts(app, words[0], async (hosts, spec) => ({
      environment: spec.environment,
      servers: hosts.map(({ name }) => name),
      left: await recoverFleet(hosts, spec),
    })),
  render: ({ environment, servers, left }) =>
    left
      ? `${environment}: a ${left.operation} that was cut short is ${left.outcome} on ${servers.join(", ")}`
      : `${environment}: nothing was left undone on ${servers.join(", ")}`,
});
