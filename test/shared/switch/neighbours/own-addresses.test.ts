import { beforeEach, describe, expect, it } from "vitest";
import { ARP_REPLY } from "../../../../shared/frame/arp.ts";
import { KeepingPort } from "../ports.ts";
import {
  A,
  ALL_NODES,
  ALL_NODES_MAC,
  advertisement,
  arpReply,
  arpRequest,
  B,
  gratuitous,
  HUB,
  ipv6,
  type Lab,
  lab,
  read,
  solicitation,
  v4,
  v6,
} from "./lab.ts";

const OWN4 = v4(1);
const OWN6 = ipv6("fd12:3456:789a::1");
const hub = new KeepingPort("hub");

describe.each([
  ["and answers for others", true],
  ["and answers for itself alone", false],
])("a hub that has addresses of its own %s", (_, answers) => {
  let all: Lab;

  beforeEach(() => {
    all = lab({ answers });
    all.suppressor.own(hub, [OWN4, OWN6], all.clock.now);
  });

  it("answers questions for them, by unicast or broadcast", () => {
    for (const destination of [0xffff_ffff_ffff, HUB]) {
      expect(all.hear(all.a, arpRequest(A, v4(2), OWN4, destination))).toBe("answered");
      const [answer, ...others] = all.takeSent();
      expect(others).toEqual([]);
      expect(answer?.port).toBe(all.a);
      expect(read(answer?.frame)).toMatchObject({
        ethernet: { destination: A, source: HUB },
        message: { operation: ARP_REPLY, senderMac: HUB, senderAddress: OWN4, targetAddress: v4(2) },
      });
    }
    expect(all.hear(all.a, solicitation({ source: v6(2), target: OWN6, mac: A }))).toBe("answered");
    expect(read(all.takeSent()[0]?.frame).message).toMatchObject({
      ...{ target: OWN6, targetMac: HUB, destination: v6(2) },
      ...{ router: false, solicited: true, override: true },
    });
  });

  it("tells who would like to have them that they are taken", () => {
    expect(all.hear(all.a, arpRequest(A, 0, OWN4))).toBe("answered");
    expect(read(all.takeSent()[0]?.frame)).toMatchObject({
      ethernet: { destination: A, source: HUB },
      message: { operation: ARP_REPLY, senderMac: HUB, senderAddress: OWN4, targetMac: A },
    });
    expect(all.hear(all.a, solicitation({ source: 0n, target: OWN6, mac: A }))).toBe("answered");
    // RFC 4861 section 7.2.4: to all, and unsolicited, because the asker has no address.
    expect(read(all.takeSent()[0]?.frame)).toMatchObject({
      ethernet: { destination: ALL_NODES_MAC, source: HUB },
      message: { target: OWN6, targetMac: HUB, destination: ALL_NODES, solicited: false, override: true },
    });
  });

  it("drops other machines' claims of them, and gives notice", () => {
    for (const claim of [
      gratuitous(A, OWN4),
      arpReply(A, OWN4, B),
      arpRequest(A, OWN4, v4(2)),
      advertisement({ target: OWN6, mac: A }),
    ]) {
      expect(all.hear(all.a, claim)).toBe("answered");
    }
    expect(all.takeSent()).toEqual([]);
    expect(all.notices.map(({ code, ports }) => [code, ports.map(({ id }) => id)])).toEqual([
      ["duplicate-address", ["hub", "a"]],
      ["duplicate-address", ["hub", "a"]],
    ]);
    expect(all.suppressor.owner(OWN4, all.clock.now)?.mac).toBe(HUB);
    all.hear(all.b, arpRequest(B, v4(3), OWN4));
    expect(read(all.takeSent()[0]?.frame)).toMatchObject({ message: { senderMac: HUB } });
  });

  it("keeps them without questions, and never checks itself", () => {
    all.pass(1_000);
    expect(all.sent.filter(({ port }) => port === hub)).toEqual([]);
    expect(all.suppressor.owner(OWN6, all.clock.now)).toMatchObject({ mac: HUB, port: hub });
  });

  it("knows the owners of other addresses, whether it answers for them or not", () => {
    all.hear(all.a, gratuitous(A, v4(2)));
    expect(all.suppressor.owner(v4(2), all.clock.now)).toMatchObject({ mac: A, port: all.a });
    expect(all.hear(all.b, arpRequest(B, v4(3), v4(2)))).toBe(answers ? "answered" : "pass");
    expect(all.takeSent()).toHaveLength(answers ? 1 : 0);
  });
});
