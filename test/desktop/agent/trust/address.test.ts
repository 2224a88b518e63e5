import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isMulticastText,
  isPrivate,
  judgeAddress,
  serversWithin,
} from "../../../../desktop/agent/trust/address.ts";
import { formatCidr, overlaps, parseCidr } from "../../../../shared/frame/cidr.ts";
import { anyCidr } from "./cidrs.ts";

const cidr = (text: string) => {
  const read = parseCidr(text);
  if (read === undefined) throw new Error(text);
  return read;
};

describe("an address that a relay gives", () => {
  it.each([
    "10.20.0.7/24",
    "10.0.0.7/8",
    "192.168.7.1/31",
    "172.16.0.9/32",
    "100.64.1.1/16",
    "203.0.113.5/24",
  ])("may be %s", (text) => expect(judgeAddress(text, 4)).toEqual(cidr(text)));

  it.each(["fd12:3456:789a::7/64", "fd00:1::5/32", "2001:db8::5/64", "fd00::1/128"])("may be %s", (text) =>
    expect(judgeAddress(text, 6)).toEqual(cidr(text)),
  );

  it.each([
    "127.0.0.77/8",
    "127.0.0.1/32",
    "0.0.0.0/0",
    "0.1.2.3/16",
    "1.2.3.4/1",
    "10.0.0.1/7",
    "128.0.0.1/1",
    "224.0.0.5/24",
    "239.1.1.101/32",
    "255.255.255.255/32",
    "250.0.0.1/8",
    "169.254.169.254/16",
    // Shorter than a refused prefix, and around it.
    "169.0.0.1/8",
    // A network and its broadcast address.
    "10.20.0.0/24",
    "10.20.0.255/24",
    "10.20.0.7",
    "fd00::1/64",
    "",
    "lan",
    "10.20.0.7/33",
    "10.20.0.7/24 dev eth0",
  ])("may not be %j", (text) => expect(judgeAddress(text, 4)).toEqual(expect.any(String)));

  it.each([
    "::/0",
    "::1/128",
    "::/128",
    "fd00::1/16",
    "fd00::1/31",
    "ff02::1/128",
    "fe80::1/64",
    "::ffff:10.20.0.7/128",
    "64:ff9b::1/96",
    "fd12:3456:789a::/64",
    "10.20.0.7/24",
  ])("of IPv6 may not be %j", (text) => expect(judgeAddress(text, 6)).toEqual(expect.any(String)));

  it("is within the bounds for any input", () => {
    const never = ["127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3", "169.254.0.0/16"].map(cidr);
    const never6 = ["::/8", "ff00::/8", "fe80::/10"].map(cidr);
    fc.assert(
      fc.property(fc.oneof(fc.string(), anyCidr()), fc.constantFrom<4 | 6>(4, 6), (text, version) => {
        const judged = judgeAddress(text, version);
        if (typeof judged === "string") return;
        expect(formatCidr(judged)).toBe(formatCidr(cidr(text)));
        expect(judged.version).toBe(version);
        expect(judged.prefix).toBeGreaterThanOrEqual(version === 4 ? 8 : 32);
        for (const range of version === 4 ? never : never6) expect(overlaps(range, judged)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not part of the Internet if its whole network is private", () => {
    for (const text of ["10.0.0.7/8", "192.168.1.1/24", "fd00::1/64", "198.51.100.7/24"]) {
      expect(isPrivate(cidr(text)), text).toBe(true);
    }
    for (const text of ["8.8.8.7/24", "192.0.0.1/8", "172.16.0.1/11", "2001:4860::1/32"]) {
      expect(isPrivate(cidr(text)), text).toBe(false);
    }
  });
});

describe("a network's name server", () => {
  it("must be within the network, and not this machine", () => {
    const own = [cidr("10.20.0.7/24"), cidr("fd00:1::7/64")];
    const said = [
      "10.20.0.1",
      "8.8.8.8",
      "10.20.0.7",
      "10.20.0.0",
      "10.20.0.255",
      "fd00:1::1",
      "fd00:1::",
      "fd00:2::1",
      "x",
    ];
    expect(serversWithin(said, own)).toEqual(["10.20.0.1", "fd00:1::1"]);
    expect(serversWithin(said, [])).toEqual([]);
  });
});

it("tells multicast addresses from others", () => {
  for (const text of ["224.0.0.1", "239.0.0.101", "ff02::1"]) expect(isMulticastText(text), text).toBe(true);
  for (const text of ["10.0.0.1", "240.0.0.1", "fe80::1", "", "239.0.0"])
    expect(isMulticastText(text), text).toBe(false);
});
