import type { Command } from "./command.ts";

interface Listed {
  about: string;
  load(): Promise<{ default: Command }>;
}

/** Everything a person can type, in the order of the help. Each is loaded only when it is typed. */
export const commands: Record<string, Listed> = {
  init: { about: "write a greenroom.json for this project", load: () => import("./init.ts") },
  stage: { about: "put a release on the rehearsal side", load: () => import("./stage.ts") },
  check: { about: "run the checks against the rehearsal", load: () => import("./check.ts") },
  switch: { about: "make the rehearsal live", load: () => import("./switch.ts") },
  rollback: { about: "return to the release before", load: () => import("./rollback.ts") },
  deploy: { about: "stage and check; switch where that is wanted", load: () => import("./deploy.ts") },
  canary: { about: "send some of the visitors to the rehearsal", load: () => import("./canary.ts") },
  pause: { about: "hold new requests for a while", load: () => import("./pause.ts") },
  resume: { about: "let go those who are held", load: () => import("./resume.ts") },
  status: { about: "show what is live and what is rehearsed", load: () => import("./status.ts") },
  log: {
    about: "show all logs of an environment, follow them",
    load: () => import("./log.ts"),
  },
  releases: { about: "list the releases", load: () => import("./releases.ts") },
  verify: { about: "compare every byte on disk with the manifests", load: () => import("./verify.ts") },
  prune: { about: "delete releases that no environment needs", load: () => import("./prune.ts") },
  remove: { about: "take an environment off all its servers", load: () => import("./remove.ts") },
  pull: { about: "fetch storage of an environment", load: () => import("./pull.ts") },
  push: { about: "bring files into storage of an environment", load: () => import("./push.ts") },
  recover: {
    about: "end what was cut short between several servers",
    load: () => import("./recover.ts"),
  },
  server: {
    about: "trust a server, restrict a key there, or change which servers an environment has",
    load: () => import("./server.ts"),
  },
  provision: { about: "make a bare Debian or Ubuntu ready", load: () => import("./provision.ts") },
  bind: { about: "bring an environment to a server, too", load: () => import("./bind.ts") },
  unbind: { about: "take an environment off a server", load: () => import("./unbind.ts") },
  up: { about: "serve this machine's environments", load: () => import("./up.ts") },
  setup: { about: "choose who answers visitors on this machine", load: () => import("./setup.ts") },
  doctor: { about: "look for what keeps Greenroom from working", load: () => import("./doctor.ts") },
  "exit-codes": { about: "print the table of exit codes", load: () => import("./exit-codes.ts") },
  schema: { about: "print the JSON Schema of greenroom.json", load: () => import("./schema.ts") },
};
