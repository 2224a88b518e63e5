import { describe, expect, it } from "vitest";
import {
  CHECK_AFTER_SECONDS,
  CHECK_RETRY_SECONDS,
  CHECKS_PER_PORT_AND_TICK,
  CHECKS_PER_TICK,
  FRESH_SECONDS,
  LEASE_SETTLE_SECONDS,
  MAX_QUESTIONS_PER_PORT,
  NEIGHBOUR_AGEING_SECONDS,
} from "../../../../shared/switch/neighbours/limits.ts";
import { dhcpFrame } from "../../frame/dhcp-message.ts";
import { KeepingPort } from "../ports.ts";
import {
  A,
  advertisement,
  arpReply,
  arpRequest,
  B,
  BROADCAST,
  C,
  gratuitous,
  HUB,
  HUB_LINK_LOCAL,
  lab,
  read,
  tagged,
  v4,
  v6,
} from "./lab.ts";

const ask = arpRequest(B, v4(2), v4(1));

describe("a machine that is known", () => {
  it("is checked by unicast, without an asker's address, before it would be forgotten: ARP", () => {
    const { hear, a, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    pass(CHECK_AFTER_SECONDS - 1);
    expect(takeSent()).toEqual([]);
    pass(1);
    const [question, ...others] = takeSent();
    expect(others).toEqual([]);
    expect(question?.port).toBe(a);
    expect(read(question?.frame)).toEqual({
      ethernet: { destination: A, source: HUB },
      message: { operation: 1, senderMac: HUB, senderAddress: 0, targetMac: 0, targetAddress: v4(1) },
    });
  });

  it("is asked alone, from the hub's link-local address, before it would be forgotten: ND", () => {
    const { hear, a, pass, takeSent } = lab();
    hear(a, advertisement({ target: v6(1), mac: A }));
    pass(CHECK_AFTER_SECONDS);
    const [question] = takeSent();
    expect(question?.port).toBe(a);
    const { ethernet, message } = read(question?.frame);
    expect(ethernet).toEqual({ destination: A, source: HUB });
    expect(message).toMatchObject({
      ...{ type: 135, source: HUB_LINK_LOCAL, destination: v6(1), target: v6(1) },
      ...{ hopLimit: 255, sourceMac: HUB },
    });
  });

  it("stays known as long as it answers", () => {
    const { hear, a, b, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    for (let second = 0; second < 5 * NEIGHBOUR_AGEING_SECONDS; second++) {
      pass(1);
      if (takeSent().length > 0) hear(a, arpReply(A, v4(1), HUB));
    }
    expect(hear(b, ask)).toBe("answered");
  });

  it("is forgotten after three unanswered checks, and then the hub no longer answers for it", () => {
    const { hear, a, b, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    pass(CHECK_AFTER_SECONDS + 3 * CHECK_RETRY_SECONDS);
    expect(takeSent()).toHaveLength(3);
    expect(hear(b, ask)).toBe("pass");
    pass(NEIGHBOUR_AGEING_SECONDS);
    // Only B, who asked.
    expect(takeSent().every(({ port }) => port === b)).toBe(true);
  });

  it("is asked sooner if others ask for it, so that a dead one is not answered for long", () => {
    const { hear, a, b, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    pass(FRESH_SECONDS - 1);
    hear(b, ask);
    takeSent();
    pass(1);
    expect(takeSent()).toEqual([]);
    hear(b, ask);
    let answered = 0;
    for (let second = 0; second < 60; second++) {
      pass(1);
      if (hear(b, ask) === "answered") answered++;
    }
    expect(takeSent().filter(({ port }) => port === a)).toHaveLength(3);
    expect(answered).toBeLessThanOrEqual(3 * CHECK_RETRY_SECONDS + 1);
  });

  it("is answered for no longer than its ageing, even if no tick comes", () => {
    const { hear, a, b, clock } = lab();
    hear(a, gratuitous(A, v4(1)));
    clock.now += NEIGHBOUR_AGEING_SECONDS - 1;
    expect(hear(b, ask)).toBe("answered");
    clock.now += 1;
    expect(hear(b, ask)).toBe("pass");
  });

  it("is forgotten at once when its port goes", () => {
    const all = lab();
    all.hear(all.a, gratuitous(A, v4(1)));
    all.hear(all.b, gratuitous(B, v4(2)));
    all.suppressor.detach(all.a);
    expect(all.hear(all.b, ask)).toBe("pass");
    expect([...all.suppressor.entries()]).toMatchObject([{ address: v4(2), port: all.b }]);
  });

  it("is left alone while it probes for its address, lest it give it up", () => {
    const { hear, a, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    pass(CHECK_AFTER_SECONDS - 1);
    hear(a, arpRequest(A, 0, v4(1)));
    pass(9);
    expect(takeSent()).toEqual([]);
    pass(1);
    expect(takeSent()).toHaveLength(1);
  });

  it("is asked in its turn where many are: so many a second to one port, and so many to all", () => {
    const all = lab();
    const ports = Array.from({ length: 10 }, (_, i) => new KeepingPort(`port${i}`));
    for (const [index, port] of ports.entries()) {
      for (let host = 0; host < 20; host++)
        all.hear(port, gratuitous(A + index, v4(1000 + index * 20 + host)));
    }
    all.pass(CHECK_AFTER_SECONDS);
    const first = all.takeSent();
    expect(first).toHaveLength(CHECKS_PER_TICK);
    for (const port of ports) {
      expect(first.filter((sent) => sent.port === port).length).toBeLessThanOrEqual(CHECKS_PER_PORT_AND_TICK);
    }
    all.pass(2);
    const asked = [...first, ...all.takeSent()].map(({ frame }) => read(frame).message);
    expect(new Set(asked.map((message) => JSON.stringify(message))).size).toBe(200);
  });
});

describe("a lease", () => {
  const ack = (yiaddr: number, mac: number) =>
    dhcpFrame({ yiaddr, mac, options: [[53, [5]]] }, { source: C, destination: BROADCAST });

  it("has its client asked once it has settled, and what the client answers is learnt", () => {
    const { hear, a, b, c, fdb, suppressor, pass, takeSent } = lab();
    fdb.set(A, a);
    expect(hear(c, ack(v4(1), A))).toBe("pass");
    expect([...suppressor.entries()]).toEqual([]);
    pass(LEASE_SETTLE_SECONDS - 1);
    expect(takeSent()).toEqual([]);
    pass(1);
    const [question] = takeSent();
    expect(question?.port).toBe(a);
    expect(read(question?.frame).message).toMatchObject({ senderAddress: 0, targetAddress: v4(1) });
    expect(hear(b, ask)).toBe("pass");
    hear(a, arpReply(A, v4(1), HUB));
    expect(hear(b, ask)).toBe("answered");
  });

  it("asks no machine that has announced itself meanwhile, or that has no known port", () => {
    const { hear, a, c, fdb, pass, takeSent } = lab();
    fdb.set(A, a);
    hear(c, ack(v4(1), A));
    hear(c, ack(v4(2), B));
    hear(a, gratuitous(A, v4(1)));
    pass(LEASE_SETTLE_SECONDS + 5);
    expect(takeSent()).toEqual([]);
  });

  it("of an address that another had makes the hub silent about it, and ask the other", () => {
    const { hear, a, b, c, pass, takeSent } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(c, ack(v4(1), C));
    expect(hear(b, ask)).toBe("pass");
    pass(1);
    expect(takeSent().map(({ port }) => port)).toEqual([a]);
  });

  it.each([
    [
      "an offer",
      dhcpFrame({ yiaddr: v4(1), mac: C, options: [[53, [2]]] }, { source: C, destination: BROADCAST }),
    ],
    [
      "a client",
      dhcpFrame(
        { op: 1, yiaddr: v4(1), mac: C, options: [[53, [5]]] },
        { source: C, destination: BROADCAST },
      ),
    ],
    ["another VLAN", tagged(ack(v4(1), C))],
    ["a group's MAC", ack(v4(1), 0x0100_5e00_0001)],
  ])("is none in %s", (_, frame) => {
    const { hear, a, b, c } = lab();
    hear(a, gratuitous(A, v4(1)));
    hear(c, frame);
    expect(hear(b, ask)).toBe("answered");
  });

  it("of one server leaves room for those of another", () => {
    const { hear, a, b, c, fdb, pass, takeSent } = lab();
    fdb.set(A, a);
    for (let host = 0; host < 1000; host++) hear(c, ack(v4(100 + host), A));
    hear(b, ack(v4(1), A));
    pass(LEASE_SETTLE_SECONDS + MAX_QUESTIONS_PER_PORT);
    const asked = takeSent().map(({ frame }) => JSON.stringify(read(frame).message));
    expect(asked).toHaveLength(MAX_QUESTIONS_PER_PORT + 1);
    expect(asked.some((message) => message.includes(String(v4(1))))).toBe(true);
  });
});
