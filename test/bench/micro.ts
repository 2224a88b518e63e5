import { Bench } from "tinybench";
import { FairBucket } from "../../relay/hub/rates/fair-bucket.ts";
import { ShareMeter } from "../../relay/hub/rates/meter.ts";
import { decodeArp, encodeArp } from "../../shared/frame/arp.ts";
import { checksum } from "../../shared/frame/checksum.ts";
import { PROTOCOL_IGMP } from "../../shared/frame/groups/igmp.ts";
import { decodeIpv4, encodeIpv4, PROTOCOL_TCP } from "../../shared/frame/ip/ipv4.ts";
import { finish, OffloadFault } from "../../shared/offload/finish.ts";
import { MESSAGE_BYTES } from "../../shared/protocol/constants.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  type RecordReader,
  readRecords,
} from "../../shared/protocol/record.ts";
import { MacTable } from "../../shared/switch/places/mac-table.ts";
import { HubPolicy } from "../../shared/switch/policy/hub-policy.ts";
import { MacBudget, Port } from "../../shared/switch/port.ts";
import { Segment } from "../../shared/switch/segment.ts";
import { DEFAULT_SETTINGS } from "../../shared/switch/settings.ts";
import { Block } from "../../shared/tunnel/block.ts";
import { BlockPool } from "../../shared/tunnel/block-pool.ts";
import { EgressQueue } from "../../shared/tunnel/egress-queue.ts";
import { FrameParser } from "../../system/websocket/frame-parser.ts";
import { clientMessage } from "./load/plain-client.ts";
import type { MicroResult } from "./results/results.ts";
import { tcpSuperFrame } from "./super-frame.ts";

/** A port that accepts every frame and discards it. */
class Sink extends Port {
  override send(): void {
    this.txFrames++;
  }

  override flush(): void {}
}

const FRAME = 1_514;
const BATCH = 64;
/** Offset of IPv4's protocol field in a frame. */
const IPV4_PROTOCOL = 23;
const A = 0x02_00_00_00_00_01;
const B = 0x02_00_00_00_00_02;

/** Builds a message of {@link BATCH} frames from A to B. */
function batch(): Block {
  const bytes = new Uint8Array(BATCH * (ENCAPSULATION_BYTES + FRAME));
  for (let i = 0; i < BATCH; i++) {
    const start = i * (ENCAPSULATION_BYTES + FRAME);
    encapsulate(bytes, start, start + ENCAPSULATION_BYTES + FRAME, 101);
    bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45], start + ENCAPSULATION_BYTES);
    bytes[start + ENCAPSULATION_BYTES + IPV4_PROTOCOL] = PROTOCOL_TCP;
  }
  return new Block(bytes);
}

/** @param hub whether the segment has a hub's policy, and a thousand groups with a member */
function segmentWith(macs: number, hub = false): { segment: Segment; from: Sink } {
  const segment = new Segment(101, () => 0);
  const policy = new HubPolicy({
    segment,
    settings: DEFAULT_SETTINGS,
    wire: false,
    granted: new Set(["dhcp-server", "router"]),
    notice: () => {},
    now: 0,
  });
  if (hub) segment.policy = policy;
  const ports = [new Sink("a", new MacBudget(Infinity)), new Sink("b", new MacBudget(Infinity))] as const;
  for (const port of ports) segment.attach(port);
  segment.table.learn(A, ports[0], 0);
  segment.table.learn(B, ports[1], 0);
  if (hub) for (let i = 0; i < GROUPS; i++) join(segment, ports[1], 0xef010000 + i);
  for (let i = 0; i < macs; i++) segment.table.learn(0x02_01_00_00_00_00 + i, ports[1], 0);
  return { segment, from: ports[0] };
}

const GROUPS = 1_000;

/** Joins a port to a group by an IGMPv2 report (RFC 2236 section 2). */
function join(segment: Segment, port: Port, group: number): void {
  const bytes = new Uint8Array(ENCAPSULATION_BYTES + 60);
  const frame = ENCAPSULATION_BYTES;
  bytes.set([1, 0, 0x5e, 1, group >>> 8, group, 2, 0, 0, 0, 0, 2, 0x08, 0x00], frame);
  const payload = new Uint8Array([0x16, 0, 0, 0, group >>> 24, group >>> 16, group >>> 8, group]);
  const sum = checksum(payload, 0, payload.length);
  payload.set([sum >>> 8, sum], 2);
  const packet = { protocol: PROTOCOL_IGMP, ttl: 1, source: 0x0a000002, destination: group };
  bytes.set(payload, encodeIpv4(bytes, frame + 14, { ...packet, payloadLength: payload.length }));
  segment.forward(port, new Block(bytes), 0, frame, bytes.length);
}

/** Returns a tenant's and a network's rates of bytes and packets, too high to be reached. */
function meter(): ShareMeter {
  const clock = () => performance.now() / 1_000;
  const share = () => new FairBucket(1e15, 1e15, clock).join("one");
  const shares = () => ({ tenant: share(), network: share() });
  return new ShareMeter(shares(), shares());
}

const message = batch();
const messageBytes = message.bytes.length;
const target = new Uint8Array(FRAME);
const small = segmentWith(0);
const large = segmentWith(10_000);
const hub = segmentWith(0, true);
const largeHub = segmentWith(10_000, true);
const rated = segmentWith(0, true);
rated.from.meter = meter();
const table = new MacTable();
table.learn(B, small.from, 0);
const superFrame = tcpSuperFrame();
const pool = new BlockPool();
const queue = new EgressQueue(1 << 20, pool, () => {});
const masked = clientMessage(message.bytes);
const parser = new FrameParser({
  masked: true,
  maxBytes: MESSAGE_BYTES,
  pool,
  events: { message: (_opcode, block) => block.release(), control: () => {} },
});
const arp = new Uint8Array(28);
encodeArp(arp, 0, {
  operation: 1,
  senderMac: A,
  senderAddress: 0x0a000001,
  targetMac: 0,
  targetAddress: 0x0a000002,
});
const next = { block: message, start: 0, end: 0 };
const forward = ({ segment, from }: typeof small): RecordReader => ({
  record(_type, block, start, end) {
    segment.forward(from, block, start, start + ENCAPSULATION_BYTES, end);
    return true;
  },
});
const forwardSmall = forward(small);
const forwardLarge = forward(large);
const forwardHub = forward(hub);
const forwardRated = forward(rated);
const forwardLargeHub = forward(largeHub);
const ignore: RecordReader = { record: () => true };
const walk = (reader: RecordReader) => void readRecords(message, 0, messageBytes, true, reader);

interface Step {
  readonly name: string;
  /** Number of frames that one call handles. */
  readonly frames: number;
  run(): void;
}

const steps: readonly Step[] = [
  {
    name: "copy a frame of 1514 bytes (the measure)",
    frames: 1,
    run: () => target.set(message.bytes.subarray(12, 12 + FRAME)),
  },
  {
    name: "write record and VXLAN header",
    frames: 1,
    run: () => encapsulate(message.bytes, 0, ENCAPSULATION_BYTES + FRAME, 101),
  },
  {
    name: "walk through records, per frame",
    frames: BATCH,
    run: () => walk(ignore),
  },
  {
    name: "take WebSocket frames apart and unmask them, per frame of 1514 bytes",
    frames: BATCH,
    run: () => void parser.read(masked, 0, masked.length),
  },
  { name: "decode an ARP packet", frames: 1, run: () => void decodeArp(arp, 0, arp.length) },
  {
    name: "decode an IPv4 header and verify its checksum",
    frames: 1,
    run: () => void decodeIpv4(superFrame.bytes, superFrame.frame + 14, superFrame.bytes.length),
  },
  { name: "look an address up", frames: 1, run: () => void table.lookup(B) },
  {
    name: "walk and switch known unicast, per frame",
    frames: BATCH,
    run: () => walk(forwardSmall),
  },
  {
    name: "the same beside 10,000 other addresses",
    frames: BATCH,
    run: () => walk(forwardLarge),
  },
  {
    name: "the same with guards, snooping and suppression",
    frames: BATCH,
    run: () => walk(forwardHub),
  },
  {
    name: "the same with rates of the tenant and of the network, of bytes and of packets",
    frames: BATCH,
    run: () => walk(forwardRated),
  },
  {
    name: "the same beside 10,000 other addresses and 1,000 groups",
    frames: BATCH,
    run: () => walk(forwardLargeHub),
  },
  {
    name: "wait in a receiver's queue, in and out",
    frames: 1,
    run: () => {
      queue.add(message.bytes, 0, ENCAPSULATION_BYTES, ENCAPSULATION_BYTES + FRAME);
      if (queue.take(next)) next.block.release();
    },
  },
  {
    name: "cut a TCP super-frame, per frame of 1514 bytes",
    frames: superFrame.segments,
    run: () => {
      const plain = finish(superFrame.bytes, 0, superFrame.frame, superFrame.bytes.length);
      if (plain instanceof OffloadFault) throw new Error(`the super-frame is not one: ${plain.reason}`);
    },
  },
];

/**
 * Measures the cost of single steps of a frame's way, as medians. The first, a copy of a frame of 1514 bytes, is the
 * reference.
 */
export async function measureMicro(): Promise<MicroResult[]> {
  const bench = new Bench({ time: 400, warmupTime: 100 });
  for (const { name, run } of steps) bench.add(name, run);
  await bench.run();
  return steps.map(({ name, frames }) => {
    const result = bench.getTask(name)?.result;
    if (result === undefined || !("latency" in result)) throw new Error(`${name} was not measured`);
    return { step: name, nanoseconds: (result.latency.p50 * 1e6) / frames };
  });
}
