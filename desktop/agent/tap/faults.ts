/** Errors of TAPs in the user's words. */
import { readFileSync } from "node:fs";
import { Fault, usage } from "../../../shared/values/fault.ts";

/** Maximum bytes of an interface's name: IFNAMSIZ of linux/if.h without the closing NUL. */
const NAME_BYTES = 15;

/** The pattern for the kernel if no name is asked for: the lowest free `lw0`, `lw1`, … */
export const NAME_PATTERN = "lw%d";

/**
 * Checks a name asked for. Stricter than the kernel, which accepts nearly anything: no name may look like an option to
 * `ip` or like a directory of /proc/sys/net.
 *
 * @throws Fault `tap.name-invalid`, wrong usage
 */
export function checkName(name: string): void {
  const valid = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) && name.length <= NAME_BYTES;
  if (valid && name !== "all" && name !== "default") return;
  throw usage(
    "tap.name-invalid",
    `"${name}" can't be the name of a network interface`,
    `Use 1 to ${NAME_BYTES} letters, digits, dots, hyphens or underscores, not beginning with a dot or hyphen.`,
  );
}

/** Returns the error of a failed attempt to create a TAP: `code` is the errno's name, `name` the interface's. */
export function openFault(code: string, name: string | undefined, cause: unknown): Error {
  if (code === "ENOENT" || code === "ENXIO" || code === "ENODEV") return noDeviceFault(cause);
  if (code === "EPERM" || code === "EACCES") return noPermissionFault(name, code, cause);
  // The kernel answers EINVAL if the name belongs to an interface that is not a TAP.
  if (name !== undefined && (code === "EBUSY" || code === "EEXIST" || (code === "EINVAL" && exists(name)))) {
    return new Fault({
      code: "tap.name-taken",
      message: `the network interface "${name}" already exists`,
      hint: "Choose another name with --tap, or leave it out to get a free one.",
      cause,
    });
  }
  return new Fault({
    code: "tap.refused",
    message: `the kernel refused to create a TAP${name === undefined ? "" : ` "${name}"`} (${code})`,
    hint: "Run laneway doctor to see what is missing.",
    cause,
  });
}

export function noDeviceFault(cause: unknown): Fault {
  return new Fault({
    code: "tap.no-device",
    message: "this system has no /dev/net/tun",
    hint: "Load the driver (modprobe tun); pass the device to a container (--device /dev/net/tun).",
    cause,
  });
}

export function noPermissionFault(name: string | undefined, code: string, cause: unknown): Fault {
  return new Fault({
    code: "tap.no-permission",
    message: `no permission to create a TAP${name === undefined ? "" : ` "${name}"`} (${code})`,
    hint: "Run as root or with CAP_NET_ADMIN, or install the service: laneway service install.",
    cause,
  });
}

/** Returns the fault for a system without a driver. */
export function unsupportedFault(system: NodeJS.Platform): Fault {
  return new Fault({
    code: "tap.unsupported-platform",
    message: `Laneway has no TAP driver for ${system} yet, so this machine can't join a network`,
    hint: "The relay (laneway relay) and the administration commands work here; run laneway up on Linux.",
  });
}

/** Returns the fault for an interface that disappeared while in use. */
export function goneFault(name: string, cause?: unknown): Fault {
  return new Fault({
    code: "tap.gone",
    message: `the network interface "${name}" is gone`,
    hint: "Another program deleted it; bring the network up again.",
    cause,
  });
}

/** Returns whether this process's network namespace has an interface of that name, of any kind. */
function exists(name: string): boolean {
  const lines = readFileSync("/proc/net/dev", "latin1").split("\n");
  return lines.some((line) => line.trimStart().startsWith(`${name}:`));
}
