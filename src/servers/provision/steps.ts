/** A file that goes over as it is: by its bytes, which whoever sends it has. */
export interface SentFile {
  path: string;
  sha256: string;
}

/** A file of a few lines, written by Greenroom. */
export interface WrittenFile extends SentFile {
  content: string;
}

/** One thing that a server lacks. */
export type Step =
  | { do: "mend" }
  | { do: "lists" }
  | { do: "install"; packages: string[]; along: string[] }
  | { do: "web-user" }
  | { do: "account"; name: string; like: string }
  | { do: "folder"; path: string }
  | { do: "link"; path: string; to: string }
  | { do: "node"; path: string; architecture: string; version: string }
  | { do: "send"; file: SentFile }
  | { do: "start"; daemon: string }
  | { do: "setup"; argv: string[]; isUp: boolean }
  | { do: "up"; file: WrittenFile }
  | { do: "allow"; port: number }
  | { do: "firewall" }
  | { do: "run"; line: string; mark: string };

/** What it would change, in words. */
export function describeStep(step: Step): string {
  switch (step.do) {
    case "mend":
      return "finish the installation of packages that was cut short";
    case "lists":
      return "update apt's lists of packages";
    case "install":
      return `install ${step.packages.join(", ")}${withAlong(step.along)}`;
    case "web-user":
      return "make the account www-data, for nginx and for apps";
    case "account":
      return `make the account ${step.name}, which logs in by the keys of ${step.like} and may use sudo without a password`;
    case "folder":
      return `make the folder ${step.path}`;
    case "node":
      return `put Node.js ${step.version} at ${step.path}, from the npm registry by way of this machine`;
    case "link":
      return `make ${step.path} a link to ${step.to}, so that apps find it`;
    case "send":
      return `send ${step.file.path}`;
    case "start":
      return `start ${step.daemon}`;
    case "setup":
      return `${step.isUp ? "end greenroom up for a moment and " : ""}run greenroom ${step.argv.join(" ")}`;
    case "up":
      return `write ${step.file.path}, and start greenroom up by it`;
    case "allow":
      return `let port ${step.port} through the firewall`;
    case "firewall":
      return "turn the firewall on (ufw): it refuses what comes in by other ports";
    case "run":
      return `run as root: ${step.line}`;
    default:
      return step satisfies never;
  }
}

function withAlong(along: string[]): string {
  return along.length === 0 ? "" : `; along with them ${along.join(", ")}`;
}
