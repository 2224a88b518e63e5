/** Faults of tunnel sockets, worded for administrators. */
import { Fault } from "../../shared/values/fault.ts";
import type { ListenAddress } from "./underlay.ts";

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "Another program, or the kernel's own VXLAN, listens there: stop it, or choose another address or port with --listen.",
  EACCES: "Ports below 1024 need root or CAP_NET_BIND_SERVICE: choose another with --listen.",
  EADDRNOTAVAIL: "This machine has no such address: choose one that it has with --listen.",
  EAFNOSUPPORT: "This machine does not support that IP version: choose another address with --listen.",
};

/** Returns the fault for an error of opening a socket; returns our own mistakes unchanged. */
export function listenFault(error: unknown, { host, port }: ListenAddress): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const hint = HINTS[code ?? ""];
  if (error instanceof Fault || hint === undefined) return error;
  const at = host.includes(":") ? `[${host}]` : host;
  return new Fault({
    code: "port.listen",
    message: `can't receive on ${at}${port === 0 ? "" : `:${port}`} (${code})`,
    hint,
    cause: error,
  });
}

/** Returns the fault for an error of joining a group. */
export function groupFault(error: unknown, group: string, link: string | undefined): unknown {
  if (error instanceof Fault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENODEV" && link === undefined) {
    return new Fault({
      code: "port.interface",
      message: `no route determines the interface of the group ${group}`,
      hint: "Name it with --interface.",
      cause: error,
    });
  }
  return new Fault({
    code: "port.group",
    message: `can't join the group ${group}${link === undefined ? "" : ` on ${link}`} (${code ?? message})`,
    hint: "It must be a multicast address, on an interface that is up and supports multicast.",
    cause: error,
  });
}
