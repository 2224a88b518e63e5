import { isIPv6 } from "node:net";
import { withoutLogins } from "../../../../shared/api/relay-address.ts";
import { parseIpv4 } from "../../../../shared/frame/address.ts";
import { containsAddress, parseCidr } from "../../../../shared/frame/cidr.ts";
import { withoutInvites } from "../../../../system/command.ts";

/** RFC 1918, 6598, 1122 and 3927: addresses that reveal no location. */
const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
];
const privateRanges = PRIVATE.flatMap((text) => parseCidr(text) ?? []);

/** Removes private details from a text: secrets, hosts of relays, this machine's name, public addresses. */
export class Redaction {
  readonly #hosts = new Map<string, string>();
  readonly #ownName: string;

  constructor(ownName: string) {
    this.#ownName = ownName;
  }

  /** Replaces the same host by the same placeholder throughout. */
  apply(text: string): string {
    let clean = withoutLogins(withoutInvites(text)).replaceAll(/\b[\w-]{32,}\b/g, "…");
    clean = clean.replaceAll(
      /\b(https?|wss?):\/\/(\[[^\]\s]*\]|[^/\s:'"[\]]+)/g,
      (_, scheme, host) => `${scheme}://${this.#standIn(host)}`,
    );
    for (const [host, standIn] of this.#hosts) clean = clean.replaceAll(host, standIn);
    if (this.#ownName.length > 2) clean = clean.replaceAll(this.#ownName, "this-host");
    clean = clean.replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (address) =>
      isPublic(address) ? "x.x.x.x" : address,
    );
    return clean.replaceAll(/(?<![\w:.])[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]+/gi, (address) =>
      isIPv6(address) && !/^(?:fe80|f[cd]|::1$)/i.test(address) ? "x::x" : address,
    );
  }

  #standIn(host: string): string {
    const known = this.#hosts.get(host) ?? `relay-${this.#hosts.size + 1}`;
    this.#hosts.set(host, known);
    return known;
  }
}

function isPublic(text: string): boolean {
  const address = parseIpv4(text);
  return address !== undefined && !privateRanges.some((range) => containsAddress(range, address));
}
