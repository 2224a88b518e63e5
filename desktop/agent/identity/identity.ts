import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { makePrivateDirectory, readOrMake } from "../../../system/private-file.ts";

/** Returns the default directory of this device's identity. */
export function defaultStateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const named = env["LANEWAY_STATE"];
  if (named !== undefined && named !== "") return named;
  if (process.getuid?.() === 0) return "/var/lib/laneway/agent";
  return join(env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "laneway");
}

/**
 * Returns the random ID of this device; the first call creates and stores it.
 *
 * @throws Fault if it can't be stored
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
 * Returns this device's MAC address on a network: stable, and different from that of any other device, network
 * namespace or interface.
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
 * Returns the ID of the network namespace, or nothing in the machine's own: each namespace is a host of its own. If
 * they can't be compared (which needs rights over process 1), it returns the ID: a changing address is better than a
 * duplicate.
 */
function namespaceId(): string {
  const own = namespaceOf("self");
  return own === namespaceOf("1") ? "" : own;
}

/** Returns the ID of this process's network namespace; undefined if the system has none. */
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
    // No sysfs, or the interface disappeared meanwhile: nothing to compare with.
  }
  return macs;
}
