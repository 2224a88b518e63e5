import { describe, expect, it } from "vitest";
import { wakeFrames } from "../../../../desktop/agent/network/wake-frames.ts";
import { decodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { decodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeUdp, isUdpIntact } from "../../../../shared/frame/ip/udp.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";

const SOURCE = 0x02_00_00_00_00_01;
const TARGET = 0x02_00_00_00_00_99;
const ADDRESS = 0x0a_14_00_07;
const magic = Buffer.from(`ffffffffffff${"020000000099".repeat(16)}`, "hex");

function good<Decoded>(decoded: Decoded | Malformed): Decoded {
  if (decoded instanceof Malformed) throw decoded;
  return decoded;
}

describe("the frames that wake a machine", () => {
  it("include a broadcast magic packet with its own EtherType", () => {
    const [raw = new Uint8Array()] = wakeFrames(SOURCE, TARGET, ADDRESS);
    const header = good(decodeEthernet(raw, 0, raw.length));
    expect(header).toMatchObject({ destination: 0xffff_ffff_ffff, source: SOURCE, etherType: 0x0842 });
    expect(Buffer.from(raw.subarray(header.payload, header.end)).equals(magic)).toBe(true);
  });

  it("include a valid one in UDP", () => {
    const [, udp = new Uint8Array()] = wakeFrames(SOURCE, TARGET, ADDRESS);
    const ip = good(decodeIpv4(udp, 14, udp.length));
    expect(ip).toMatchObject({ source: ADDRESS, destination: 0xffff_ffff });
    const datagram = good(decodeUdp(udp, ip.payload, ip.end));
    expect(datagram.destinationPort).toBe(9);
    expect(Buffer.from(udp.subarray(datagram.payload, datagram.end)).equals(magic)).toBe(true);
    expect(isUdpIntact(udp, ip.payload, ip.end, ADDRESS, 0xffff_ffff)).toBe(true);
  });
});
