import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { EnvironmentSpec } from "../../environment/spec.ts";
import type { FileRoom } from "../../environment/storage/file-room.ts";
import type { FileTree } from "../../environment/storage/file-tree.ts";
import type { StoragePlace } from "../host.ts";
import type { Ask } from "../releases/deliver.ts";

/** Storage at the other end of a line. */
export function openRemoteRoom(
  ask: Ask,
  spec: EnvironmentSpec,
  path: string,
): FileRoom & { place(): Promise<StoragePlace> } {
  const room = (act: string, more: object = {}, body?: Buffer) =>
    ask({ call: "storage", act, spec, path, ...more }, body);
  return {
    place: () => room("place") as Promise<StoragePlace>,
    list: () => room("list") as Promise<FileTree>,
    async read(parts) {
      const { bytes } = (await room("read", { parts })) as { bytes: string };
      return inflateRawSync(Buffer.from(bytes, "base64"));
    },
    async makeFolders(folders) {
      await room("folders", { folders });
    },
    async write(parts, bytes) {
      await room("write", { parts }, deflateRawSync(bytes, { level: 3 }));
    },
    async remove(removed) {
      if (removed.length > 0) await room("remove", { removed });
    },
    async end() {
      await room("end");
    },
  };
}
