import { accessSync, constants, readFileSync } from "node:fs";
import { platform } from "node:os";
import type { Fault } from "../../../shared/values/fault.ts";
import { noDeviceFault, noPermissionFault, unsupportedFault } from "./faults.ts";

/** Bit of CAP_NET_ADMIN in a set of capabilities (linux/capability.h). */
const CAP_NET_ADMIN = 12n;

/**
 * Returns the reason why this process cannot create a TAP, or undefined if it can. Checks permissions only; does not
 * create one.
 */
export function tapProblem(system: NodeJS.Platform = platform()): Fault | undefined {
  if (system !== "linux") return unsupportedFault(system);
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EACCES" ? noPermissionFault(undefined, code, error) : noDeviceFault(error);
  }
  return hasNetAdmin() ? undefined : noPermissionFault(undefined, "EPERM", undefined);
}

/** Returns true also if it is unknown: the attempt will show. */
function hasNetAdmin(): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return effective === undefined || ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
  } catch {
    return true;
  }
}
