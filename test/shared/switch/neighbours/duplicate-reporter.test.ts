import { describe, expect, it } from "vitest";
import { NOTICE_REPEAT_SECONDS } from "../../../../shared/switch/neighbours/limits.ts";
import { NOTICES_PER_PORT } from "../../../../shared/switch/places/duplicate-notice.ts";
import {
  A,
  advertisement,
  arpReply,
  arpRequest,
  B,
  bareAdvertisement,
  C,
  gratuitous,
  HUB,
  lab,
  read,
  solicitation,
  v4,
  v6,
} from "./lab.ts";

describe("an address that changes hands", () => {
  it("stays with a machine that moves to another port, without a notice", () => {
    const { hear, a, b, c, suppressor, notices, takeSent, pass } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(b, gratuitous(A, v4(1)));
    hear(a, gratuitous(A, v4(1)));
    hear(b, gratuitous(A, v4(1)));
    expect([...suppressor.entries()]).toMatchObject([{ mac: A, port: b }]);
    // Answered at once, from its new place.
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
    takeSent();
    pass(2);
    expect(takeSent()).toEqual([]);
    expect(notices).toEqual([]);
  });

  it("goes to its new owner at once; if the former one does not answer, there is no notice (a takeover)", () => {
    const { hear, a, b, c, suppressor, notices, takeSent, pass } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(b, gratuitous(B, v4(1)));
    expect([...suppressor.entries()]).toMatchObject([{ mac: B, port: b }]);
    // Until the former owner has had its time the owner itself answers.
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("pass");
    pass(1);
    const asked = takeSent();
    expect(asked.map(({ port }) => port)).toEqual([a]);
    expect(read(asked[0]?.frame)).toEqual({
      ethernet: { destination: A, source: HUB },
      message: { operation: 1, senderMac: HUB, senderAddress: 0, targetMac: 0, targetAddress: v4(1) },
    });
    pass(3);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
    expect(read(takeSent()[0]?.frame).message).toMatchObject({ senderMac: B, senderAddress: v4(1) });
    expect(notices).toEqual([]);
  });

  it("causes no question if the port has left meanwhile", () => {
    const { hear, a, b, suppressor, takeSent, pass } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(b, gratuitous(B, v4(1)));
    suppressor.detach(a);
    pass(1);
    expect(takeSent()).toEqual([]);
  });

  it("is not answered for as a router's because its former owner was one", () => {
    const { hear, a, b, c, pass } = lab();
    hear(a, advertisement({ target: v6(1), mac: A, router: true }));
    hear(b, solicitation({ source: v6(1), target: v6(9), mac: B }));
    pass(4);
    expect(hear(c, solicitation({ source: v6(3), target: v6(1), mac: C }))).toBe("pass");
  });

  it("is in dispute if the former owner answers: people are told, and owners answer for themselves", () => {
    const { hear, a, b, c, notices, pass } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(b, gratuitous(B, v4(1)));
    pass(1);
    hear(a, arpReply(A, v4(1), HUB));
    expect(notices).toEqual([
      {
        code: "duplicate-address",
        message:
          "10.20.0.1 is used by two machines, 02:00:00:00:00:0b at b and 02:00:00:00:00:0a at a: " +
          "give one of them another address",
        ports: [b, a],
      },
    ]);
    pass(59);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("pass");
    pass(1);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
  });

  it("is in dispute if it flips back within 10 s, over IPv6 too", () => {
    const { hear, a, b, notices, pass } = lab();
    hear(a, advertisement({ target: v6(1), mac: A }));
    hear(b, advertisement({ target: v6(1), mac: B }));
    pass(9);
    hear(a, advertisement({ target: v6(1), mac: A }));
    expect(notices.map(({ message }) => message)).toEqual([
      expect.stringContaining("fe80::1 is used by two"),
    ]);
  });

  it("is in dispute if the former owner answers, as it does over IPv6: without its MAC", () => {
    const { hear, a, b, notices, takeSent, pass } = lab();
    hear(a, advertisement({ target: v6(1), mac: A }));
    hear(b, advertisement({ target: v6(1), mac: B }));
    pass(1);
    expect(takeSent().map(({ port }) => port)).toEqual([a]);
    expect(hear(a, bareAdvertisement(v6(1), A))).toBe("answered");
    expect(notices).toMatchObject([{ code: "duplicate-address", ports: [b, a] }]);
  });

  it("may go back later than that without a word, and again (a router that failed and recovered)", () => {
    const { hear, a, b, notices, pass } = lab();
    for (let turn = 0; turn < 4; turn++) {
      hear(a, gratuitous(A, v4(1)));
      pass(12);
      hear(b, gratuitous(B, v4(1)));
      pass(12);
    }
    expect(notices).toEqual([]);
  });

  it("is in dispute among three as among two", () => {
    const { hear, a, b, c, notices } = lab();
    for (const [port, mac] of [[a, A] as const, [b, B] as const, [c, C] as const, [a, A] as const]) {
      hear(port, gratuitous(mac, v4(1)));
    }
    expect(notices).toHaveLength(1);
  });

  it("does not change hands for an advertisement that overrides nothing (proxies, anycast)", () => {
    const { hear, a, b, suppressor, notices } = lab();
    hear(a, advertisement({ target: v6(1), mac: A }));
    hear(b, advertisement({ target: v6(1), mac: B, override: false }));
    hear(a, advertisement({ target: v6(1), mac: A }));
    expect([...suppressor.entries()]).toMatchObject([{ mac: A, port: a }]);
    expect(notices).toEqual([]);
  });

  it("is told of once in a while, however long the dispute goes on", () => {
    const { hear, a, b, notices, pass } = lab();
    for (let second = 0; second < NOTICE_REPEAT_SECONDS; second++) {
      hear(a, gratuitous(A, v4(1)));
      hear(b, gratuitous(B, v4(1)));
      pass(1);
    }
    expect(notices).toHaveLength(1);
    pass(1);
    hear(a, gratuitous(A, v4(1)));
    expect(notices).toHaveLength(2);
  });

  it("is told of for a few addresses only where one port claims them all, and others are heard still", () => {
    const { hear, a, b, c, notices, pass } = lab();
    for (let host = 1; host <= 100; host++) {
      hear(a, gratuitous(A, v4(host)));
      hear(b, gratuitous(B, v4(host)));
      hear(a, gratuitous(A, v4(host)));
    }
    expect(notices).toHaveLength(NOTICES_PER_PORT);
    hear(c, gratuitous(C, v4(200)));
    hear(b, gratuitous(B, v4(200)));
    hear(c, gratuitous(C, v4(200)));
    expect(notices).toHaveLength(NOTICES_PER_PORT + 1);
    pass(60);
    hear(c, gratuitous(C, v4(201)));
    hear(b, gratuitous(B, v4(201)));
    hear(c, gratuitous(C, v4(201)));
    expect(notices).toHaveLength(NOTICES_PER_PORT + 2);
  });

  it("belongs to whom it is registered for while that answers, and both are told of the other at once", () => {
    const { hear, a, b, c, suppressor, clock, notices, takeSent } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    clock.now += 1;
    hear(b, gratuitous(B, v4(1)));
    expect(takeSent().map(({ port }) => port)).toEqual([a]);
    expect(notices).toEqual([]);
    clock.now += 0.1;
    hear(a, arpReply(A, v4(1), HUB));
    expect(notices).toMatchObject([{ code: "duplicate-address", ports: [a, b] }]);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
    expect(read(takeSent()[0]?.frame).message).toMatchObject({ senderMac: A });
  });

  it("leaves the machine that it is registered for if that does not answer (a router's address without a MAC of its own)", () => {
    const { hear, a, b, c, suppressor, clock, notices, takeSent, pass } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    clock.now += 1;
    hear(b, gratuitous(B, v4(1)));
    pass(1);
    expect(takeSent().map(({ port }) => port)).toEqual([a, a]);
    pass(1);
    expect([...suppressor.entries()]).toMatchObject([{ mac: B, port: b, kind: "learned" }]);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
    expect(read(takeSent().at(-1)?.frame).message).toMatchObject({ senderMac: B });
    // It was there after all: it was only slow.
    hear(a, arpReply(A, v4(1), HUB));
    pass(1);
    expect(notices).toMatchObject([{ code: "duplicate-address" }]);
  });
});
