import { usage } from "../../../shared/values/fault.ts";

/** A listening address for virtual machines. */
export type QemuAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Reads `HOST:PORT` or `unix:PATH`.
 *
 * @throws Fault `usage.qemu`
 */
export function parseQemuAddress(text: string): QemuAddress {
  if (text.startsWith("unix:") && text.length > 5) return { path: text.slice(5) };
  const [, host, digits] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ""), port };
  throw usage(
    "usage.qemu",
    `'${text}' is no address that a virtual machine can connect to`,
    "Write 127.0.0.1:PORT or unix:PATH, and give QEMU the same: -netdev stream,addr.type=….",
  );
}

/** Formats an address as {@link parseQemuAddress} reads it. */
export function formatQemuAddress(address: QemuAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
