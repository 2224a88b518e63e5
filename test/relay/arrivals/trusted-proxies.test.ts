import { describe, expect, it } from "vitest";
import { TrustedProxies } from "../../../relay/arrivals/trusted-proxies.ts";

describe("the real address of a request", () => {
  const trusted = TrustedProxies.parse("10.0.0.2, 192.168.0.0/16,fd00::/8");

  it.each<[string, string, string | undefined, string]>([
    ["is that of the connection without a trusted proxy", "192.0.2.9", "1.1.1.1", "192.0.2.9"],
    ["is the one that the proxy adds", "10.0.0.2", "192.0.2.1", "192.0.2.1"],
    [
      "is the last one that is not a trusted proxy",
      "10.0.0.2",
      "1.1.1.1, 192.0.2.1, 192.168.3.4",
      "192.0.2.1",
    ],
    ["is not what a client wrote before it", "10.0.0.2", "10.0.0.2, 8.8.8.8, 192.0.2.1", "192.0.2.1"],
    ["is the proxy's if it adds none", "10.0.0.2", undefined, "10.0.0.2"],
    ["is the proxy's if it adds something else", "10.0.0.2", "192.0.2.1, unknown", "10.0.0.2"],
    ["is the farthest proxy's if all are trusted", "10.0.0.2", "192.168.1.1", "192.168.1.1"],
    ["may be IPv6", "fd00::1", "2001:db8::7", "2001:db8::7"],
    ["may have a port behind it", "10.0.0.2", "192.0.2.1:4711", "192.0.2.1"],
    ["may be in brackets", "10.0.0.2", "[2001:db8::7]:4711", "2001:db8::7"],
    ["is IPv4 even if the socket shows it as IPv6", "::ffff:10.0.0.2", "::ffff:192.0.2.1", "192.0.2.1"],
    ["is IPv4 without any proxy", "::ffff:192.0.2.9", undefined, "192.0.2.9"],
  ])("%s", (_what, peer, header, address) => {
    expect(trusted.addressOf(peer, header)).toBe(address);
  });

  it("never comes from a header unless a proxy is trusted", () => {
    expect(TrustedProxies.parse("").addressOf("127.0.0.1", "192.0.2.1")).toBe("127.0.0.1");
  });

  it.each(["proxy.example", "10.0.0.0/33", "10.0.0.1 10.0.0.2"])("can't be told by '%s'", (text) => {
    expect(() => TrustedProxies.parse(text)).toThrow(
      expect.objectContaining({ code: "relay.trusted-proxy", exitCode: 2 }),
    );
  });
});
