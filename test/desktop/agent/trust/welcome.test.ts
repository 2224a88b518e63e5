import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAddress } from "../../../../desktop/agent/trust/address.ts";
import { judgeDomain } from "../../../../desktop/agent/trust/domain.ts";
import { judgeWelcome } from "../../../../desktop/agent/trust/welcome.ts";
import { parseControl, relayMessage, type Welcome } from "../../../../shared/protocol/control.ts";
import { isPlainText } from "../../../../shared/values/plain-text.ts";
import { anyCidr } from "./cidrs.ts";

const HOST = "relay.example.com";

const LAN = {
  name: "lan",
  vni: 101,
  group: "239.0.0.101",
  mtu: 1_500,
  address: "10.20.0.7/24",
  address6: "fd12:3456:789a::7/64",
  dns: { servers: ["10.20.0.1", "fd12:3456:789a::1"], domain: "lan.lan.internal" },
};

const USUAL: Welcome = {
  type: "welcome",
  session: "s",
  features: ["batch"],
  networks: [LAN],
  limits: { message_bytes: 262_144, frame_bytes: 65_550, macs: 64 },
  keepalive_seconds: 20,
};

const judge = (changes: Partial<Welcome>) => judgeWelcome({ ...USUAL, ...changes }, HOST);
const said = ({ refusals }: ReturnType<typeof judge>) => refusals.map(({ fault }) => fault.message);

describe("a welcome", () => {
  it("of a relay that follows the protocol is used unchanged", () => {
    expect(judge({})).toEqual({ welcome: USUAL, refusals: [] });
  });

  it("sets a network up without refused values, and reports them", () => {
    const judged = judge({
      networks: [
        {
          ...LAN,
          group: "10.0.0.1",
          mtu: 100,
          address: "127.0.0.77/8",
          address6: "::/0",
          dns: { servers: ["8.8.8.8"], domain: "~." },
        },
      ],
    });
    expect(judged.welcome.networks).toEqual([{ name: "lan", vni: 101, group: "", mtu: 1_500 }]);
    expect(said(judged)).toEqual([
      "refused the MTU '100' of network 'lan' from the relay: it is not between 576 and 65521; 1500 is used",
      "refused the group '10.0.0.1' of network 'lan' from the relay: it is not a multicast address",
      "refused the address '127.0.0.77/8' of network 'lan' from the relay: it has loopback addresses",
      "refused the address '::/0' of network 'lan' from the relay: it has a prefix shorter than /32",
      "refused the domain '~.' of network 'lan' from the relay: it is not a domain",
    ]);
    for (const { network, fault } of judged.refusals) {
      expect(network).toBe("lan");
      expect(fault.code).toBe("relay.refused-value");
    }
  });

  it("does not make the client ping constantly, or too rarely", () => {
    for (const keepalive_seconds of [1e-9, 0, -1, 0.5, 3_600, 1e300, Number.NaN]) {
      const judged = judge({ keepalive_seconds });
      expect(judged.welcome.keepalive_seconds).toBe(20);
      expect(said(judged)).toHaveLength(1);
    }
    for (const keepalive_seconds of [5, 20, 45]) {
      expect(judge({ keepalive_seconds }).welcome.keepalive_seconds).toBe(keepalive_seconds);
    }
  });

  it("excludes networks without a unique, valid name and VNI", () => {
    const others = ["", "-x", "a/b", "a b", "x\x1b[31m", "\u202elan", "x".repeat(64)].map((name, i) => ({
      ...LAN,
      name,
      vni: 200 + i,
    }));
    const vnis = [0, -1, 2 ** 24, 1.5, Number.NaN].map((vni, i) => ({ ...LAN, name: `n${i}`, vni }));
    const judged = judge({
      networks: [LAN, { ...LAN, vni: 102 }, { ...LAN, name: "twin" }, ...others, ...vnis],
    });
    expect(judged.welcome.networks).toEqual([LAN]);
    expect(said(judged)).toHaveLength(2 + others.length + vnis.length);
    expect(said(judged).every(isPlainText)).toBe(true);
  });

  it("is limited to the maximum number of interfaces, and reports it", () => {
    const networks = Array.from({ length: 2_000 }, (_, i) => ({
      ...LAN,
      name: `n${i}`,
      vni: i + 1,
      group: "x",
    }));
    const judged = judge({ networks });
    expect(judged.welcome.networks).toHaveLength(512);
    // Not every one of them: the report is bounded as well.
    expect(judged.refusals.length).toBeLessThanOrEqual(64);
  });

  it("has values within the bounds and never throws, for any input", () => {
    const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 1e-9, 2 ** 24, 1e300));
    const offer = fc.record(
      {
        name: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("lan", "office", "__proto__")),
        vni: fc.oneof(number, fc.nat(5)),
        group: fc.oneof(fc.string(), fc.ipV4()),
        mtu: fc.oneof(number, fc.constant(1_500)),
        address: fc.oneof(fc.string(), anyCidr()),
        address6: fc.oneof(fc.string(), anyCidr()),
        dns: fc.record({
          servers: fc.array(fc.oneof(fc.string(), fc.ipV4())),
          domain: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("~.", "a.b.internal", "com")),
        }),
      },
      { requiredKeys: ["name", "vni", "group", "mtu"] },
    );
    const welcome = fc.record({
      type: fc.constant("welcome"),
      session: fc.string({ unit: "binary" }),
      features: fc.array(fc.string()),
      networks: fc.array(offer),
      limits: fc.record({ message_bytes: number, frame_bytes: number, macs: number }),
      keepalive_seconds: fc.oneof(number, fc.string(), fc.constant(null)),
    });
    fc.assert(
      fc.property(welcome, fc.string(), (made, host) => {
        const parsed = parseControl(relayMessage, JSON.stringify(made));
        if (parsed.kind !== "message" || parsed.message.type !== "welcome") return;
        const judged = judgeWelcome(parsed.message, host);
        const { keepalive_seconds, networks, limits } = judged.welcome;
        expect(keepalive_seconds).toBeGreaterThanOrEqual(5);
        expect(keepalive_seconds).toBeLessThanOrEqual(45);
        expect(limits.message_bytes).toBeLessThanOrEqual(262_144);
        expect(said(judged).every(isPlainText)).toBe(true);
        expect(new Set(networks.map(({ name }) => name)).size).toBe(networks.length);
        for (const { name, vni, mtu, address, address6, dns } of networks) {
          expect(name).toMatch(/^[\w.-]{1,63}$/);
          expect(vni).toBeGreaterThan(0);
          expect(mtu).toBeGreaterThanOrEqual(576);
          if (address !== undefined) expect(judgeAddress(address, 4)).toBeTypeOf("object");
          if (address6 !== undefined) expect(judgeAddress(address6, 6)).toBeTypeOf("object");
          if (dns !== undefined) expect(judgeDomain(dns.domain, host)).toBeUndefined();
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
