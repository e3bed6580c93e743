import { countOf } from "../events.ts";
import type { Side } from "./sides.ts";
import type { Identity } from "./site.ts";
import { hostOf, type Role } from "./tls/tls.ts";
import type { Movement } from "./traffic.ts";

/** One change as plain data: what --dry-run prints, the journal records and `apply` does. */
export type Step =
  | { do: "account"; name: string }
  | { do: "task"; task: string; side: Side; moment: string }
  | { do: "seed"; path: string; release: string }
  | { do: "tree"; release: string; recycle: string | null }
  | { do: "config"; release: string }
  | { do: "forget"; side: Side }
  | { do: "point"; side: Side; release: string }
  | { do: "certificate"; of: Role; identity: Identity }
  | { do: "identity"; identity: Identity }
  | { do: "previews" }
  | { do: "start"; side: Side; release: string }
  | { do: "check"; side: Side; check: string; index: number }
  | { do: "verdict"; side: Side; release: string }
  | { do: "ready"; side: Side }
  | ({ do: "traffic" } & Movement)
  | { do: "mark"; release: string; bad: boolean }
  | { do: "retire"; release: string }
  | { do: "drop"; release: string }
  | { do: "sweep"; objects: number; bytes: number };

/** Steps that move what people see. What comes before one is undone after a crash, what comes after it finished. */
export function isCommit(step: Step): step is Extract<Step, { do: "traffic" | "point" }> {
  return step.do === "traffic" || step.do === "point";
}

/** Steps that may be done twice, and late, without anybody noticing. */
export function isTidying(step: Step): boolean {
  return ["certificate", "identity", "previews", "mark", "retire"].includes(step.do);
}

/** What is done while visitors still see what they saw. */
export function beforeCommit(steps: Step[]): Step[] {
  const commit = steps.findLastIndex(isCommit);
  return commit === -1 ? steps : steps.slice(0, commit);
}

export function describeStep(step: Step): string {
  switch (step.do) {
    case "account":
      return `make the account ${step.name}`;
    case "task":
      return `run task ${step.task} (${step.moment})`;
    case "seed":
      return `seed storage ${step.path} from ${step.release}`;
    case "tree":
      return step.recycle
        ? `build release ${step.release} from the old tree of ${step.recycle}`
        : `build release ${step.release}`;
    case "config":
      return `write the configuration of ${step.release}`;
    case "forget":
      return `forget the ${step.side} side's checks`;
    case "point":
      return `point ${step.side} at ${step.release}`;
    case "identity":
      return `answer for ${step.identity.domain}`;
    case "certificate":
      return `take up the certificate for ${hostOf(step.of, step.identity.domain)}`;
    case "previews":
      return "refresh the addresses";
    case "start":
      return `start ${step.release} on ${step.side} and wait until it is healthy`;
    case "check":
      return `check: ${step.check}`;
    case "verdict":
      return `record what the checks say of ${step.release}`;
    case "ready":
      return `make sure that ${step.side} is there and healthy`;
    case "traffic":
      if (step.until) return `hold visitors until ${step.until}`;
      return step.share === 0
        ? `send all visitors to ${step.live}`
        : `send ${step.share} of 100 visitors to the rehearsal, the others to ${step.live}`;
    case "mark":
      return step.bad ? `mark ${step.release} as bad` : `take the mark "bad" from ${step.release}`;
    case "retire":
      return `retire the tree of ${step.release}`;
    case "drop":
      return `drop release ${step.release} from the store`;
    case "sweep":
      return `delete ${countOf(step.objects, "object")} that no release needs`;
    default:
      return step satisfies never;
  }
}
