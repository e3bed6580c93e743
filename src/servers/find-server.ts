import { GreenroomError } from "../errors.ts";
import type { ProjectFile } from "../project/schema.ts";
import { LOCAL, type Server } from "./server.ts";

export function findServer({ servers }: Pick<ProjectFile, "servers">, name: string): Server {
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (server) return { name, ...server };
  const names = Object.keys(servers);
  throw new GreenroomError("USAGE", `greenroom.json has no server ${JSON.stringify(name)}`, {
    hint: names.length > 0 ? `name one of: ${names.join(", ")}` : 'name it there, under "servers"',
  });
}

/** Also this machine is one that environments can be on. */
export function assertMachine(file: Pick<ProjectFile, "servers">, name: string): void {
  if (name !== LOCAL) findServer(file, name);
}
