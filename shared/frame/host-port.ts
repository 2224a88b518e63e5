import { formatAddress, type IpAddress, parseAddress } from "./address.ts";

/** An address, with a port where one was named. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `10.0.0.1`, `10.0.0.1:4789`, `fd00::1` and `[fd00::1]:4789`; undefined for anything else, names too. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const [, bracketed, plain, digits] = match ?? [];
  const address = parseAddress(bracketed ?? plain ?? text);
  if (address === undefined || (bracketed !== undefined && typeof address === "number")) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  return { host: formatAddress(address), port };
}

/** Whether an address is a multicast group's. */
export function isMulticast(address: IpAddress): boolean {
  return typeof address === "number" ? address >>> 28 === 0xe : address >> 120n === 0xffn;
}

/** Whether text is an address of IPv6. */
export function isIpv6(host: string): boolean {
  return host.includes(":");
}
