import type { Finding } from "../environment/doctor.ts";
import { GreenroomError } from "../errors.ts";
import { describeSkew, isOff } from "./clock.ts";
import { type Open, type Seen, survey } from "./survey.ts";

/** Looks at the servers that a project names: what keeps Greenroom from working with them. */
export async function examineServers(names: string[], open: Open): Promise<Finding[]> {
  return (await survey(names, [], open)).flatMap(examineOne);
}

const GIGABYTE = 1e9;

function examineOne({ name, machine, problem }: Seen): Finding[] {
  if (!machine) {
    return [{ what: name, state: "broken", found: problem!.message, remedy: problem!.hint }];
  }
  const { up, node, disk, skew } = machine;
  const space = `${(disk.free / GIGABYTE).toFixed(1)} GB free`;
  return [
    { what: name, state: "good", found: `answers, with Node ${node}`, remedy: null },
    disk.free > GIGABYTE
      ? { what: `${name} disk`, state: "good", found: space, remedy: null }
      : { what: `${name} disk`, state: "note", found: space, remedy: "greenroom prune" },
    isOff(skew)
      ? {
          what: `${name} clock`,
          state: "note",
          found: describeSkew(skew),
          remedy: "have it set by NTP there",
        }
      : { what: `${name} clock`, state: "good", found: "right", remedy: null },
    up
      ? { what: `${name} greenroom up`, state: "good", found: "running", remedy: null }
      : { what: `${name} greenroom up`, state: "note", found: "not running", remedy: "greenroom up, there" },
  ];
}

/** Servers that only a project that can be read names. */
export function serversOf(readProject: () => { file: { servers: object } }): string[] {
  try {
    return Object.keys(readProject().file.servers);
  } catch (error) {
    // What is wrong with it has been found already.
    if (error instanceof GreenroomError) return [];
    throw error;
  }
}
