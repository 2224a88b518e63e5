import { formatAddress, type IpAddress, parseAddress } from "./address.ts";

/** An address, with an optional port. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** Parses `10.0.0.1`, `10.0.0.1:4789`, `fd00::1` and `[fd00::1]:4789`; undefined for anything else, including names. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const [, bracketed, plain, digits] = match ?? [];
  const address = parseAddress(bracketed ?? plain ?? text);
  if (address === undefined || (bracketed !== undefined && typeof address === "number")) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  return { host: formatAddress(address), port };
}

/** Returns whether an address is a multicast group's. */
export function isMulticast(address: IpAddress): boolean {
  return typeof address === "number" ? address >>> 28 === 0xe : address >> 120n === 0xffn;
}

/** Returns whether the text is an IPv6 address. */
export function isIpv6(host: string): boolean {
  return host.includes(":");
}
