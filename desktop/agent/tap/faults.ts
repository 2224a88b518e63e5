/** What can go wrong with a TAP, in the user's words. */
import { readFileSync } from "node:fs";
import { Fault, usage } from "../../../shared/values/fault.ts";

/** Bytes of an interface's name at most: IFNAMSIZ of linux/if.h without the closing NUL. */
const NAME_BYTES = 15;

/** What the kernel fills in where no name is asked for: the lowest free `lw0`, `lw1`, … */
export const NAME_PATTERN = "lw%d";

/**
 * Checks a name asked for. Stricter than the kernel, which takes nearly anything: no name may look like an
 * option to `ip` or like a directory of /proc/sys/net.
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

/** What became of an attempt to make a TAP: `code` is the errno's name, `name` the interface asked for. */
export function openFault(code: string, name: string | undefined, cause: unknown): Error {
  if (code === "ENOENT" || code === "ENXIO" || code === "ENODEV") return noDeviceFault(cause);
  if (code === "EPERM" || code === "EACCES") return noPermissionFault(name, code, cause);
  // EINVAL is the kernel's answer to a name that belongs to an interface which is no TAP.
  if (name !== undefined && (code === "EBUSY" || code === "EEXIST" || (code === "EINVAL" && exists(name)))) {
    return new Fault({
      code: "tap.name-taken",
      message: `there is a network interface "${name}" already`,
      hint: "Choose another name with --tap, or none to have a free one chosen.",
      cause,
    });
  }
  return new Fault({
    code: "tap.refused",
    message: `the kernel refused to make a TAP${name === undefined ? "" : ` "${name}"`} (${code})`,
    hint: "Run laneway doctor to see what is missing.",
    cause,
  });
}

export function noDeviceFault(cause: unknown): Fault {
  return new Fault({
    code: "tap.no-device",
    message: "this system has no /dev/net/tun",
    hint: "Load the driver (modprobe tun); a container needs the device handed in (--device /dev/net/tun).",
    cause,
  });
}

export function noPermissionFault(name: string | undefined, code: string, cause: unknown): Fault {
  return new Fault({
    code: "tap.no-permission",
    message: `no permission to make a TAP${name === undefined ? "" : ` "${name}"`} (${code})`,
    hint: "Run as root or with CAP_NET_ADMIN, or install the service: laneway service install.",
    cause,
  });
}

/** There is no driver of ours for this system. */
export function unsupportedFault(system: NodeJS.Platform): Fault {
  return new Fault({
    code: "tap.unsupported-platform",
    message: `there is no TAP driver of ours for ${system} yet, so this machine can't join a network`,
    hint: "The relay (laneway relay) and the administration commands work here; run laneway up on Linux.",
  });
}

/** The interface disappeared while it was in use. */
export function goneFault(name: string, cause?: unknown): Fault {
  return new Fault({
    code: "tap.gone",
    message: `the network interface "${name}" is gone`,
    hint: "Something else deleted it; bring the network up again.",
    cause,
  });
}

/** Whether this process's network namespace has an interface of that name, of whatever kind. */
function exists(name: string): boolean {
  const lines = readFileSync("/proc/net/dev", "latin1").split("\n");
  return lines.some((line) => line.trimStart().startsWith(`${name}:`));
}
