import { expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  rawRecord,
  station,
  TunnelClient,
  vxlan,
} from "../../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const RECORD_OFFLOAD = 2;
const MSS = 100;
const SEGMENTS = 3;

/** Virtio-net header and IPv4 TCP super-frame of three segments, written byte by byte. */
function superFrame(from: string): Buffer {
  const tcp = Buffer.alloc(20 + MSS * SEGMENTS);
  tcp.writeUInt16BE(5_201, 0);
  tcp.writeUInt16BE(40_000, 2);
  tcp.writeUInt32BE(7_000, 4);
  tcp.writeUInt16BE(0x5010, 12);
  for (let i = 20; i < tcp.length; i++) tcp[i] = i;
  const ip = Buffer.from("4500000000004000400600000a0000010a000002", "hex");
  ip.writeUInt16BE(ip.length + tcp.length, 2);
  let sum = 0;
  for (let at = 0; at < ip.length; at += 2) sum += ip.readUInt16BE(at);
  ip.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
  const header = Buffer.alloc(10);
  header.set([1, 1]);
  header.writeUInt16LE(54, 2);
  header.writeUInt16LE(MSS, 4);
  header.writeUInt16LE(34, 6);
  header.writeUInt16LE(16, 8);
  const head = ethernet(BROADCAST, from).subarray(0, 12);
  return Buffer.concat([header, head, Buffer.from([0x08, 0x00]), ip, tcp]);
}

underEachRuntime("a super-frame", (runtime) => {
  const relay = sharedRelay(runtime);

  it("passes unchanged to sessions with the feature offload, and in segments to those without", async () => {
    const { token, vni } = await relay().network();
    const features = ["batch", "offload"];
    await using sender = await TunnelClient.joined(relay().url, token, vni, { features });
    await using able = await TunnelClient.joined(relay().url, token, vni, { features });
    await using plain = await TunnelClient.joined(relay().url, token, vni);
    const whole = superFrame(station(1));
    await sender.send(rawRecord(RECORD_OFFLOAD, Buffer.concat([vxlan(vni), whole])));

    const passed = await able.record();
    expect(passed.type).toBe(RECORD_OFFLOAD);
    expect(passed.frame.equals(whole)).toBe(true);

    const payload = whole.subarray(10 + 54);
    for (let i = 0; i < SEGMENTS; i++) {
      const { type, frame } = await plain.record();
      expect(type).toBe(1);
      expect(frame.length).toBe(54 + MSS);
      expect(frame.readUInt16BE(16)).toBe(40 + MSS);
      expect(frame.readUInt32BE(38)).toBe(7_000 + i * MSS);
      expect(frame.subarray(54).equals(payload.subarray(i * MSS, (i + 1) * MSS))).toBe(true);
    }
  });

  it("with an invalid header is dropped for receivers that need segments, and the session goes on", async () => {
    const { token, vni } = await relay().network();
    await using sender = await TunnelClient.joined(relay().url, token, vni, {
      features: ["batch", "offload"],
    });
    await using plain = await TunnelClient.joined(relay().url, token, vni);
    const broken = superFrame(station(1));
    broken.writeUInt16LE(0, 4);
    await sender.send(rawRecord(RECORD_OFFLOAD, Buffer.concat([vxlan(vni), broken])));
    await sender.send(packet(vni, ethernet(BROADCAST, station(1), "after")));
    const { frame } = await plain.record();
    expect(frame.equals(ethernet(BROADCAST, station(1), "after"))).toBe(true);
  });
});
