import { describe, expect, it } from "vitest";
import { announcements } from "../../../../desktop/agent/interface/announcements.ts";
import { parseAddress } from "../../../../shared/frame/address.ts";
import { decodeArp } from "../../../../shared/frame/arp.ts";
import { ETHERNET_HEADER_BYTES } from "../../../../shared/frame/ethernet.ts";
import { decodeNeighbourDiscovery, ND_HOP_LIMIT } from "../../../../shared/frame/ip/neighbour-discovery.ts";
import { BROADCAST_MAC, readMac } from "../../../../shared/frame/mac.ts";

const MAC = 0x02_00_00_00_00_07;

describe("announcements of a machine's addresses", () => {
  it("are an ARP request and a reply for IPv4, to all", () => {
    const frames = announcements(MAC, ["10.20.0.7"]);
    const address = parseAddress("10.20.0.7");
    const said = { senderMac: MAC, senderAddress: address, targetAddress: address };
    expect(frames.map((frame) => decodeArp(frame, ETHERNET_HEADER_BYTES, frame.length))).toMatchObject([
      { operation: 1, ...said },
      { operation: 2, ...said },
    ]);
    for (const frame of frames) expect([readMac(frame, 0), readMac(frame, 6)]).toEqual([BROADCAST_MAC, MAC]);
  });

  it("are an unsolicited advertisement that replaces what is known for IPv6, to all nodes", () => {
    const [frame = new Uint8Array()] = announcements(MAC, ["fd00::7"]);
    expect(readMac(frame, 0)).toBe(0x3333_0000_0001);
    const said = decodeNeighbourDiscovery(frame, ETHERNET_HEADER_BYTES, frame.length);
    expect(said).toMatchObject({
      target: parseAddress("fd00::7"),
      destination: parseAddress("ff02::1"),
      hopLimit: ND_HOP_LIMIT,
      targetMac: MAC,
      override: true,
      solicited: false,
    });
  });

  it("skip invalid addresses", () => {
    expect(announcements(MAC, ["", "office", "10.20.0.7/24"])).toEqual([]);
  });
});
