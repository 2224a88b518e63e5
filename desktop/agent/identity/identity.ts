import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { makePrivateDirectory, readOrMake } from "../../../system/private-file.ts";

/** Where this device keeps what it is known by, unless told otherwise. */
export function defaultStateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const named = env["LANEWAY_STATE"];
  if (named !== undefined && named !== "") return named;
  if (process.getuid?.() === 0) return "/var/lib/laneway/agent";
  return join(env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "laneway");
}

/**
 * The random name of this device, made at the first call and kept in the state directory.
 *
 * @throws Fault where it can't be kept
 */
export function deviceId(stateDirectory: string): string {
  const file = join(stateDirectory, "device.id");
  try {
    makePrivateDirectory(stateDirectory);
    return readOrMake(file, () => randomBytes(16).toString("hex"));
  } catch (error) {
    throw new Fault({
      code: "state.unwritable",
      message: `the state directory '${stateDirectory}' can't be used: ${error instanceof Error ? error.message : error}`,
      hint: "Name one that this user may write, with --state DIR.",
      cause: error,
    });
  }
}

/**
 * The MAC address of this device on a network: always the same, and another one than that of any other
 * device, network namespace or interface.
 *
 * @param network name and VNI, which tell networks apart
 * @returns 48 bits, locally administered (IEEE 802, the second bit of the first byte)
 */
export function deviceMac(device: string, network: string): number {
  const taken = localMacs();
  for (let attempt = 0; ; attempt++) {
    const digest = createHash("sha256").update([device, namespaceId(), network, attempt].join("\n")).digest();
    const mac = ((digest.readUIntBE(0, 1) & 0xfc) | 0x02) * 2 ** 40 + digest.readUIntBE(1, 5);
    if (!taken.has(mac)) return mac;
  }
}

/**
 * Names the network namespace where it is not the machine's own: each is a host of its own. Where that can't be told
 * (it takes rights over process 1) it is named too: better an address that changes with the namespace than one twice.
 */
function namespaceId(): string {
  const own = namespaceOf("self");
  return own === namespaceOf("1") ? "" : own;
}

/** Names the network namespace that this process is in; undefined where the system does not. */
export function networkNamespace(): string | undefined {
  return namespaceOf("self") || undefined;
}

function namespaceOf(process: string): string {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return "";
  }
}

function localMacs(): Set<number> {
  const macs = new Set<number>();
  try {
    for (const name of readdirSync("/sys/class/net")) {
      const mac = parseMac(readFileSync(`/sys/class/net/${name}/address`, "utf8").trim());
      if (mac !== undefined) macs.add(mac);
    }
  } catch {
    // No sysfs, or an interface that went away meanwhile: nothing to compare with.
  }
  return macs;
}
