import { describe, expect, it } from "vitest";
import { PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { DhcpGuard, isDhcpBroadcast } from "../../../../shared/switch/guards/dhcp-guard.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import {
  arpFrame,
  B,
  destinationOptions,
  expectToKeepWithinFrames,
  fragment,
  icmp6,
  inSnap,
  over4,
  over6,
  portWith,
  udp,
  view,
} from "./frames.ts";

const REQUEST = 1;
const REPLY = 2;
const SOLICIT_6 = 1;
const REPLY_6 = 7;
const RELAY_FORWARD_6 = 12;
const plain = portWith();
const server = portWith("dhcp-server");

const offer = over4(udp(67, 68, [REPLY, 1, 6, 0]));
const udp6 = (...of: Parameters<typeof udp>) => over6(udp(...of), { protocol: PROTOCOL_UDP });

function check(frame: Uint8Array, port = plain) {
  return new DhcpGuard(() => {}).check(port, view(frame), 0);
}

describe("the DHCP guard", () => {
  it.each([
    ["an offer", offer],
    ["an offer to one machine", over4(udp(67, 68, [REPLY]), { to: B })],
    ["an offer in VLANs", over4(udp(67, 68, [REPLY]), { vlans: [0, 9] })],
    ["an offer behind LLC and SNAP", inSnap(offer)],
    ["an offer with IP options", over4(udp(67, 68, [REPLY]), { options: new Uint8Array(12).fill(1) })],
    ["an offer from another port, which some clients take", over4(udp(4_000, 68, [REPLY]))],
    ["an answer to a relay agent", over4(udp(67, 67, [REPLY]))],
    ["an answer of proxyDHCP", over4(udp(4_011, 4_011, [REPLY]))],
    ["nothing at all from a server's port", over4(udp(67, 68))],
    ["the first fragment of anything from there", over4(udp(67, 68, [REQUEST]), { moreFragments: true })],
    ["a first fragment without ports", over4(udp(67, 68).subarray(0, 3), { moreFragments: true })],
    ["an advertisement of DHCPv6", udp6(547, 546, [2])],
    ["a reply of DHCPv6 from another port", udp6(5_000, 546, [REPLY_6])],
    ["a reconfiguration of DHCPv6", udp6(547, 546, [10])],
    ["an answer to a DHCPv6 relay agent", udp6(547, 547, [13])],
    [
      "a reply of DHCPv6 behind other headers",
      over6(udp(547, 546, [REPLY_6]), { protocol: PROTOCOL_UDP, extensions: [destinationOptions] }),
    ],
    [
      "a first fragment of DHCPv6",
      over6(udp(547, 546, [SOLICIT_6]), { protocol: PROTOCOL_UDP, extensions: [fragment(0, true)] }),
    ],
    [
      "a first fragment that ends in its headers",
      over6(new Uint8Array(0), { extensions: [fragment(0, true), [60, 9, 0, 0, 0, 0, 0, 0]] }),
    ],
  ])("drops %s, unless the port is a server's", (_, frame) => {
    expect(check(frame)).toBe("dhcp-guard");
    expect(check(frame, portWith("router"))).toBe("dhcp-guard");
    expect(check(frame, server)).toBeUndefined();
  });

  it.each([
    ["a client's discovery", over4(udp(68, 67, [REQUEST]))],
    ["a client's question to proxyDHCP", over4(udp(4_011, 4_011, [REQUEST]))],
    ["a relay agent's question", over4(udp(67, 67, [REQUEST]))],
    ["other datagrams", over4(udp(5_353, 5_353, [REPLY]))],
    ["TCP of the same ports", over4(udp(67, 68, [REPLY]), { protocol: 6 })],
    ["later fragments", over4(udp(67, 68, [REPLY]), { fragmentOffset: 2 })],
    [
      "a fragment of another protocol, however short",
      over4(new Uint8Array(2), { protocol: 1, moreFragments: true }),
    ],
    ["a datagram too short for ports", over4(udp(67, 68).subarray(0, 3))],
    ["a client's solicitation", udp6(546, 547, [SOLICIT_6])],
    ["a relay agent's forwarding", udp6(547, 547, [RELAY_FORWARD_6])],
    ["neighbour discovery", over6(icmp6(135))],
    ["ARP", arpFrame()],
  ])("lets %s pass", (_, frame) => {
    expect(check(frame)).toBeUndefined();
  });

  it("reports a server without the role once a minute", () => {
    const notices: SegmentNotice[] = [];
    const guard = new DhcpGuard((notice) => notices.push(notice));
    for (const now of [0, 30, 59.9, 60]) guard.check(plain, view(offer), now);
    guard.check(server, view(offer), 61);
    expect(notices.map(({ code, ports }) => [code, ports])).toEqual([
      ["rogue-dhcp-server", [plain]],
      ["rogue-dhcp-server", [plain]],
    ]);
    expect(notices[0]?.message).toMatch(/^02:00:00:00:00:01 at plain answers as a DHCP server/);
    guard.detach(plain);
    guard.check(plain, view(udp6(547, 546, [REPLY_6])), 62);
    expect(notices[2]?.message).toContain("DHCPv6 server");
  });

  it("keeps within the frame, whatever the bytes", () => {
    const guard = new DhcpGuard(() => {});
    expectToKeepWithinFrames((seen) => `${guard.check(plain, seen, 0)} ${isDhcpBroadcast(seen)}`);
  });
});

describe("a DHCP client's question to all", () => {
  it("is known by its port and its group address, tagged or not, and over IPv6", () => {
    expect(isDhcpBroadcast(view(over4(udp(68, 67, [REQUEST]))))).toBe(true);
    expect(isDhcpBroadcast(view(over4(udp(68, 67, [REQUEST]), { vlans: [4] })))).toBe(true);
    expect(isDhcpBroadcast(view(udp6(546, 547, [SOLICIT_6])))).toBe(true);
  });

  it("is no unicast, no server's message, no other protocol, and no port of the other version", () => {
    expect(isDhcpBroadcast(view(over4(udp(68, 67, [REQUEST]), { to: B })))).toBe(false);
    expect(isDhcpBroadcast(view(offer))).toBe(false);
    expect(isDhcpBroadcast(view(over4(udp(68, 67), { protocol: 6 })))).toBe(false);
    expect(isDhcpBroadcast(view(over4(udp(68, 67), { fragmentOffset: 1 })))).toBe(false);
    expect(isDhcpBroadcast(view(udp6(68, 67)))).toBe(false);
    expect(isDhcpBroadcast(view(over4(udp(546, 547))))).toBe(false);
  });
});
