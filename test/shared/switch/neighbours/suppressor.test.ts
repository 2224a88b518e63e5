import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../../../shared/frame/address.ts";
import { ARP_REPLY, ARP_REQUEST, type Arp } from "../../../../shared/frame/arp.ts";
import { isIcmpv6Intact } from "../../../../shared/frame/ip/icmp.ts";
import { NEIGHBOUR_AGEING_SECONDS } from "../../../../shared/switch/neighbours/limits.ts";
import {
  A,
  advertisement,
  arpFrame,
  arpReply,
  arpRequest,
  B,
  BROADCAST,
  bareAdvertisement,
  C,
  gratuitous,
  HUB,
  HUB_LINK_LOCAL,
  icmpv6Frame,
  type Lab,
  lab,
  onesComplement,
  read,
  SOLICITED_MAC,
  solicitation,
  tagged,
  v4,
  v6,
} from "./lab.ts";

/** Machine A at port a has 10.20.0.1 and fe80::1, and has said so. */
function withA(): Lab {
  const all = lab();
  all.hear(all.a, gratuitous(A, v4(1)));
  all.hear(all.a, advertisement({ target: v6(1), mac: A }));
  return all;
}

/** B, at port b, asks everybody for A's address. */
const askArp = arpRequest(B, v4(2), v4(1));
const askNd = solicitation({ source: v6(2), target: v6(1), mac: B });

const addresses = ({ suppressor }: Lab) =>
  [...suppressor.entries()].map(({ address }) => formatAddress(address));

describe("a question for a known neighbour", () => {
  it("is answered to the asker alone, as the neighbour itself would: ARP", () => {
    const { hear, b, takeSent } = withA();
    expect(hear(b, askArp)).toBe("answered");
    const [answer, ...others] = takeSent();
    expect(others).toEqual([]);
    expect(answer?.port).toBe(b);
    expect(read(answer?.frame)).toEqual({
      ethernet: { destination: B, source: A },
      message: {
        ...{ operation: ARP_REPLY, senderMac: A, senderAddress: v4(1) },
        ...{ targetMac: B, targetAddress: v4(2) },
      },
    });
  });

  it("is answered to the asker alone, as the neighbour itself would: ND", () => {
    const { hear, b, takeSent } = withA();
    expect(hear(b, askNd)).toBe("answered");
    const [answer, ...others] = takeSent();
    expect(others).toEqual([]);
    expect(answer?.port).toBe(b);
    const { ethernet, message } = read(answer?.frame);
    expect(ethernet).toEqual({ destination: B, source: A });
    expect(message).toMatchObject({
      ...{ type: 136, source: v6(1), destination: v6(2), hopLimit: 255, target: v6(1), targetMac: A },
      ...{ router: false, solicited: true, override: true },
    });
    expect(isIcmpv6Intact(answer?.frame ?? new Uint8Array(), 54, 86, v6(1), v6(2))).toBe(true);
  });

  it("reaches no other port, even after a thousand questions", () => {
    const { hear, b, c, takeSent } = withA();
    const verdicts = new Set<string>();
    for (let i = 0; i < 500; i++) {
      verdicts.add(hear(b, askArp));
      verdicts.add(hear(c, arpRequest(C, v4(3), v4(1))));
    }
    expect([...verdicts]).toEqual(["answered"]);
    expect(takeSent().map(({ port }) => port.id)).toEqual(new Array(500).fill(["b", "c"]).flat());
  });

  it("teaches the hub where the asker is, so that the question back is answered too", () => {
    const { hear, a, b, takeSent } = withA();
    hear(b, askArp);
    takeSent();
    expect(hear(a, arpRequest(A, v4(1), v4(2)))).toBe("answered");
    expect(read(takeSent()[0]?.frame).message).toMatchObject({ senderMac: B, senderAddress: v4(2) });
  });

  it("passes when the neighbour is behind the asker's own port, where it answers itself", () => {
    const { hear, a, takeSent } = withA();
    expect(hear(a, arpRequest(B, v4(2), v4(1)))).toBe("pass");
    expect(hear(a, askNd)).toBe("pass");
    expect(takeSent()).toEqual([]);
  });

  it("passes when it goes to one machine alone: that is a check of that very machine", () => {
    const { hear, b, takeSent } = withA();
    expect(hear(b, arpRequest(B, v4(2), v4(1), A))).toBe("pass");
    expect(hear(b, solicitation({ source: v6(2), target: v6(1), mac: B, destinationMac: A }))).toBe("pass");
    expect(takeSent()).toEqual([]);
  });

  it("passes when the neighbour is unknown", () => {
    const { hear, b, takeSent } = withA();
    expect(hear(b, arpRequest(B, v4(2), v4(99)))).toBe("pass");
    expect(hear(b, solicitation({ source: v6(2), target: v6(99), mac: B }))).toBe("pass");
    expect(takeSent()).toEqual([]);
  });

  it("passes, and teaches nothing, in a VLAN of its own", () => {
    const all = withA();
    const before = addresses(all);
    expect(all.hear(all.b, tagged(askArp))).toBe("pass");
    expect(all.hear(all.b, tagged(askNd))).toBe("pass");
    expect(addresses(all)).toEqual(before);
    expect(all.takeSent()).toEqual([]);
  });

  it.each([
    ["passes when it wants a signature, which only the neighbour can give (SEND)", 12, "pass"],
    ["is answered whatever else it says (a nonce)", 14, "answered"],
  ])("%s", (_, option, verdict) => {
    const { hear, b } = withA();
    const packet = { source: v6(2), destination: v6(1), hopLimit: 255 };
    const frame = icmpv6Frame(B, SOLICITED_MAC, packet, (bytes) => {
      bytes.set([135, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80]);
      bytes[23] = 1;
      bytes.set([option, 1], 24);
      bytes.set(onesComplement(bytes.subarray(0, 32), packet), 2);
      return 32;
    });
    expect(hear(b, frame)).toBe(verdict);
  });

  it("is not answered for a router before it has said that it is one, and then as one", () => {
    const { hear, a, b, takeSent, pass } = lab();
    hear(a, solicitation({ source: v6(1), target: v6(77), mac: A }));
    expect(hear(b, askNd)).toBe("pass");
    pass(1);
    // The hub has asked it, as it said too little.
    const asked = takeSent().filter(({ port }) => port === a);
    expect(asked).toHaveLength(1);
    expect(read(asked[0]?.frame).message).toMatchObject({ type: 135, target: v6(1), source: HUB_LINK_LOCAL });
    const reply = { target: v6(1), mac: A, destinationMac: HUB, destination: HUB_LINK_LOCAL };
    expect(hear(a, advertisement({ ...reply, router: true, solicited: true }))).toBe("answered");
    expect(hear(b, askNd)).toBe("answered");
    expect(read(takeSent().at(-1)?.frame).message).toMatchObject({ router: true, targetMac: A });
  });

  it("is answered without the override flag for whom advertises without it", () => {
    const { hear, a, b, takeSent } = lab();
    hear(a, advertisement({ target: v6(1), mac: A, override: false }));
    hear(b, askNd);
    expect(read(takeSent()[0]?.frame).message).toMatchObject({ override: false });
  });

  it("is answered with the place that the forwarding table knows, where the neighbour moved silently", () => {
    const { hear, a, b, fdb, takeSent } = withA();
    fdb.set(A, b);
    expect(hear(b, askArp)).toBe("pass");
    expect(hear(a, arpRequest(C, v4(3), v4(1)))).toBe("answered");
    expect(takeSent().map(({ port }) => port.id)).toEqual(["a"]);
  });

  it("can be looked into without being asked", () => {
    const { suppressor, clock, a, b, takeSent } = withA();
    expect(suppressor.find(v4(1), b, clock.now)).toMatchObject({ mac: A, port: a, kind: "learned" });
    expect(suppressor.find(v4(1), a, clock.now)).toBeUndefined();
    expect(suppressor.find(v4(9), b, clock.now)).toBeUndefined();
    expect(takeSent()).toEqual([]);
  });
});

describe("an answer", () => {
  it("names, whatever was said before, one who lately claimed the address, behind another port", () => {
    const all = fc.record({
      port: fc.constantFrom("a" as const, "b" as const, "c" as const),
      mac: fc.constantFrom(A, B, C),
      sender: fc.integer({ min: 0, max: 3 }),
      target: fc.integer({ min: 1, max: 3 }),
      reply: fc.boolean(),
      wait: fc.integer({ min: 0, max: 40 }),
    });
    let answers = 0;
    fc.assert(
      fc.property(fc.array(all, { minLength: 1, maxLength: 40 }), (steps) => {
        const segment = lab();
        const claims: { address: number; mac: number; port: unknown; at: number }[] = [];
        for (const { port, mac, sender, target, reply, wait } of steps) {
          segment.pass(wait);
          segment.takeSent();
          const from = segment[port];
          const address = sender === 0 ? 0 : v4(sender);
          const at = segment.clock.now;
          const frame = reply ? arpReply(mac, address, C) : arpRequest(mac, address, v4(target));
          const verdict = segment.hear(from, frame);
          if (sender > 0) claims.push({ address, mac, port: from, at });
          const sent = segment.takeSent();
          expect(sent.length, "an answer for every answered question").toBe(verdict === "answered" ? 1 : 0);
          for (const answer of sent) {
            answers++;
            const { senderMac } = read(answer.frame).message as Arp;
            expect(answer.port).toBe(from);
            expect(reply || sender === 0 || sender === target).toBe(false);
            const last = claims.findLast((claim) => claim.address === v4(target));
            expect(last).toMatchObject({ mac: senderMac });
            expect(last?.port).not.toBe(from);
            expect(at - (last?.at ?? 0)).toBeLessThan(NEIGHBOUR_AGEING_SECONDS);
          }
        }
      }),
      { numRuns: 200 },
    );
    // Else all of this would have shown nothing.
    expect(answers).toBeGreaterThan(0);
  });
});

describe("what is no question", () => {
  it("passes: probes for an address, known or not, so that its owner defends it", () => {
    const { hear, b, takeSent } = withA();
    expect(hear(b, arpRequest(B, 0, v4(1)))).toBe("pass");
    expect(hear(b, arpRequest(B, 0, v4(50)))).toBe("pass");
    expect(hear(b, solicitation({ source: 0n, target: v6(1), mac: B, sourceMac: undefined }))).toBe("pass");
    expect(takeSent()).toEqual([]);
  });

  it("passes: an announcement even of an address that is registered for another, which is asked if it is there", () => {
    const { suppressor, clock, hear, a, b, takeSent } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    expect(hear(b, gratuitous(B, v4(1)))).toBe("pass");
    const asked = takeSent();
    expect(asked.map(({ port, frame }) => [port, read(frame).ethernet.destination])).toEqual([[a, A]]);
  });

  it("passes: announcements, replies and advertisements", () => {
    const { hear, a, b, takeSent } = withA();
    expect(hear(a, gratuitous(A, v4(1)))).toBe("pass");
    const announcement = { operation: ARP_REPLY, senderMac: A, senderAddress: v4(1), targetMac: A };
    expect(hear(a, arpFrame({ ...announcement, targetAddress: v4(1) }))).toBe("pass");
    expect(hear(a, arpReply(A, v4(1), B))).toBe("pass");
    expect(hear(a, advertisement({ target: v6(1), mac: A }))).toBe("pass");
    const solicited = { target: v6(2), mac: B, destinationMac: A, destination: v6(1), solicited: true };
    expect(hear(b, advertisement(solicited))).toBe("pass");
    expect(takeSent()).toEqual([]);
  });

  it.each([
    // Bytes behind an ARP packet are padding.
    ["ARP", askArp, 42],
    ["ND", askNd, askNd.length],
  ])("passes and teaches nothing if it is cut short anywhere: %s", (_, frame, length) => {
    const all = withA();
    const before = addresses(all);
    for (let end = 0; end < length; end++) expect(all.hear(all.b, frame.slice(0, end))).toBe("pass");
    expect(addresses(all)).toEqual(before);
    expect(all.takeSent()).toEqual([]);
  });
});

describe("what the hub believes", () => {
  const learnt = (frame: Uint8Array) => {
    const all = lab();
    all.hear(all.a, frame);
    return addresses(all);
  };

  it("is what machines say of themselves", () => {
    expect(learnt(arpRequest(A, v4(1), v4(9)))).toEqual(["10.20.0.1"]);
    expect(learnt(arpReply(A, v4(1), B))).toEqual(["10.20.0.1"]);
    expect(learnt(gratuitous(A, v4(1)))).toEqual(["10.20.0.1"]);
    expect(learnt(advertisement({ target: v6(1), mac: A }))).toEqual(["fe80::1"]);
    expect(learnt(solicitation({ source: v6(1), target: v6(9), mac: A }))).toEqual(["fe80::1"]);
  });

  it("is not what a frame says whose own source is another MAC", () => {
    const arp = { operation: ARP_REQUEST, senderMac: A, senderAddress: v4(1), targetMac: 0 };
    expect(learnt(arpFrame({ ...arp, targetAddress: v4(9) }, BROADCAST, B))).toEqual([]);
    expect(learnt(advertisement({ target: v6(1), mac: A, targetMac: B }))).toEqual([]);
    expect(learnt(solicitation({ source: v6(1), target: v6(9), mac: A, sourceMac: B }))).toEqual([]);
  });

  it.each([
    ["of all zeros", 0],
    ["of a group", 0x0100_5e00_0001],
    ["of everybody", BROADCAST],
    ["of the hub itself", HUB],
  ])("is not that an address belongs to the MAC %s", (_, mac) => {
    expect(learnt(gratuitous(mac, v4(1)))).toEqual([]);
    expect(learnt(advertisement({ target: v6(1), mac }))).toEqual([]);
  });

  it.each([
    ["0.0.0.0", 0],
    ["0.1.2.3", 0x0001_0203],
    ["127.0.0.1", 0x7f00_0001],
    ["224.0.0.1", 0xe000_0001],
    ["255.255.255.255", 0xffff_ffff],
    ["::", 0n],
    ["::1", 1n],
    ["ff02::1", (0xff02n << 112n) | 1n],
  ])("is not that a machine has %s", (_, address) => {
    const frame =
      typeof address === "number" ? arpReply(A, address, B) : advertisement({ target: address, mac: A });
    expect(learnt(frame)).toEqual([]);
  });

  it("is not ND that came through a router, is damaged, or is solicited and to many", () => {
    expect(learnt(solicitation({ source: v6(1), target: v6(9), mac: A, hopLimit: 254 }))).toEqual([]);
    const damaged = advertisement({ target: v6(1), mac: A });
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(learnt(damaged)).toEqual([]);
    expect(learnt(advertisement({ target: v6(1), mac: A, solicited: true }))).toEqual([]);
  });

  it("only proves that the known owner is still there, if the advertisement has no MAC", () => {
    const all = withA();
    const seen = () => [...all.suppressor.entries()].map(({ mac, seenAt }) => [mac, seenAt]);
    const before = seen();
    all.clock.now += 5;
    all.hear(all.b, bareAdvertisement(v6(1), B));
    expect(seen()).toEqual(before);
    all.hear(all.a, bareAdvertisement(v6(1), A));
    expect(seen()).toEqual([
      [A, 1000],
      [A, 1005],
    ]);
    // Its lack of an override flag means nothing then.
    all.hear(all.b, askNd);
    expect(read(all.takeSent()[0]?.frame).message).toMatchObject({ override: true });
  });

  it("is of a router advertisement that its sender is a router", () => {
    const all = lab();
    const packet = { source: v6(1), destination: v6(0xffff), hopLimit: 255 };
    const frame = icmpv6Frame(A, SOLICITED_MAC, packet, (bytes) => {
      bytes.set([134, 0, 0, 0, 64, 0, 7, 8]);
      bytes.set([1, 1, 2, 0, 0, 0, 0, 0x0a], 16);
      bytes.set(onesComplement(bytes.subarray(0, 24), packet), 2);
      return 24;
    });
    expect(all.hear(all.a, frame)).toBe("pass");
    expect(all.hear(all.b, askNd)).toBe("answered");
    expect(read(all.takeSent()[0]?.frame).message).toMatchObject({ router: true, targetMac: A });
  });
});

describe("what is said to the hub itself", () => {
  it("goes to no other port", () => {
    const { hear, a, takeSent } = lab();
    expect(hear(a, arpReply(A, v4(1), HUB))).toBe("answered");
    expect(hear(a, arpRequest(A, v4(1), v4(9), HUB))).toBe("answered");
    const advertised = { target: v6(1), mac: A, destinationMac: HUB, destination: HUB_LINK_LOCAL };
    expect(hear(a, advertisement({ ...advertised, solicited: true }))).toBe("answered");
    expect(takeSent()).toEqual([]);
  });

  it("is answered if it is asked for its own address, which machines check after it asked them", () => {
    const { hear, a, takeSent } = lab();
    for (const destinationMac of [HUB, SOLICITED_MAC]) {
      const question = { source: v6(1), target: HUB_LINK_LOCAL, mac: A, destinationMac };
      expect(hear(a, solicitation(question))).toBe("answered");
      const { ethernet, message } = read(takeSent()[0]?.frame);
      expect(ethernet).toEqual({ destination: A, source: HUB });
      expect(message).toMatchObject({ type: 136, target: HUB_LINK_LOCAL, targetMac: HUB, solicited: true });
    }
  });
});
