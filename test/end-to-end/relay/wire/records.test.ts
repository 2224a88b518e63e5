import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  rawRecord,
  station,
  TunnelClient,
  vxlan,
} from "../../../support/relay/client.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a binary message", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Creates a network with a sender and a receiver, each with the named features. */
  async function pair(
    stack: AsyncDisposableStack,
    { sender = ["batch"], receiver = ["batch"] }: { sender?: string[]; receiver?: string[] } = {},
  ): Promise<{ network: TestNetwork; sends: TunnelClient; receives: TunnelClient }> {
    const network = await relay().network();
    const { token, vni } = network;
    const receives = stack.use(
      await TunnelClient.joined(relay().url, token, vni, { features: receiver, name: "receives" }),
    );
    const sends = stack.use(
      await TunnelClient.joined(relay().url, token, vni, { features: sender, name: "sends" }),
    );
    return { network, sends, receives };
  }

  /** Sends a frame that must arrive; resolves to all payloads that arrived until it did. */
  async function arrivals(sends: TunnelClient, receives: TunnelClient, vni: number): Promise<string[]> {
    await sends.send(packet(vni, ethernet(BROADCAST, station(1), "the end")));
    const payloads: string[] = [];
    for (;;) {
      const payload = payloadOf(await receives.frame());
      if (payload === "the end") return payloads;
      payloads.push(payload);
    }
  }

  describe("well formed", () => {
    it("carries frames of every size byte for byte", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.constantFrom(14, 15, 60, 1514, 1518, 9014, 65_549, 65_550),
            fc.integer({ min: 14, max: 3_000 }),
          ),
          fc.uint8Array({ minLength: 1, maxLength: 64 }),
          async (size, pattern) => {
            const frame = Buffer.alloc(size, pattern);
            ethernet(BROADCAST, station(1)).copy(frame, 0, 0, 12);
            await sends.send(packet(network.vni, frame));
            const record = await receives.record();
            expect(record).toMatchObject({ type: 1, flags: 0x0800_0000, vni: network.vni, reserved: 0 });
            expect(record.frame.equals(frame)).toBe(true);
          },
        ),
        { numRuns: 40 },
      );
    });

    it("may hold many records, which arrive in order", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const frames = Array.from({ length: 100 }, (_, i) => ethernet(BROADCAST, station(1), `frame ${i}`));
      await sends.send(...frames.map((frame) => packet(network.vni, frame)));
      for (const frame of frames) expect(await receives.frame()).toEqual(frame);
    });

    it("may be exactly as large as the limit", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const frame = Buffer.alloc(262_144 / 4 - 12);
      ethernet(BROADCAST, station(1)).copy(frame);
      await sends.send(...Array.from({ length: 4 }, () => packet(network.vni, frame)));
      for (let i = 0; i < 4; i++) expect((await receives.frame()).equals(frame)).toBe(true);
    });

    it("may come in fragments", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const frame = ethernet(BROADCAST, station(1), "in fragments");
      const message = Buffer.concat([packet(network.vni, frame), packet(network.vni, frame)]);
      sends.sendFragmented(message.subarray(0, 1), message.subarray(1, 90), message.subarray(90));
      expect(await receives.frame()).toEqual(frame);
      expect(await receives.frame()).toEqual(frame);
    });

    it("is one record for each receiver without the feature batch", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack, { receiver: [] });
      const frames = Array.from({ length: 50 }, (_, i) => ethernet(BROADCAST, station(1), `frame ${i}`));
      await sends.send(...frames.map((frame) => packet(network.vni, frame)));
      for (const frame of frames) expect(await receives.frame()).toEqual(frame);
      expect(receives.takeMessages()).toEqual(frames.map((frame) => packet(network.vni, frame)));
    });

    it("is one record from a sender without the feature batch, and two close with 4002", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack, { sender: [] });
      const frame = ethernet(BROADCAST, station(1), "single");
      await sends.send(packet(network.vni, frame));
      expect(await receives.frame()).toEqual(frame);
      await sends.send(packet(network.vni, frame), packet(network.vni, frame));
      expect(await sends.ended()).toMatchObject({ code: 4002, reason: expect.stringMatching(/batch/) });
    });

    it("may hold records of unknown types, which are skipped by their length", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const frame = ethernet(BROADCAST, station(1), "passed");
      const unknown = [0, 3, 4, 127, 128, 255].flatMap((type) => [
        rawRecord(type, Buffer.alloc(0)),
        rawRecord(type, Buffer.alloc(1, 1)),
        rawRecord(type, Buffer.concat([vxlan(network.vni), ethernet(BROADCAST, station(2), "smuggled")])),
        rawRecord(type, Buffer.alloc(5_000, 1)),
      ]);
      await sends.send(
        packet(network.vni, frame),
        ...unknown.flatMap((record) => [record, packet(network.vni, frame)]),
      );
      expect(await arrivals(sends, receives, network.vni)).toEqual(
        Array.from({ length: unknown.length + 1 }, () => "passed"),
      );
    });

    it("may be a single record of an unknown type without batch", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack, { sender: [] });
      await sends.send(rawRecord(77, Buffer.alloc(100)));
      expect(await arrivals(sends, receives, network.vni)).toEqual([]);
    });

    it("has its reserved VXLAN bits ignored, and cleared when forwarded", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const frame = ethernet(BROADCAST, station(1), "reserved");
      const header = vxlan(network.vni, { flags: 0xffff_ffff, reserved: 0xff });
      await sends.send(rawRecord(1, Buffer.concat([header, frame])));
      await receives.record();
      expect(receives.takeMessages()).toEqual([packet(network.vni, frame)]);
    });
  });

  describe("with a frame that must not pass", () => {
    const good = ethernet(BROADCAST, station(1), "dropped");
    const big = Buffer.alloc(65_551);
    ethernet(BROADCAST, station(1), "dropped").copy(big);
    const offload = (vni: number) => Buffer.concat([vxlan(vni), Buffer.alloc(10), good]);

    it.each<[string, (vni: number) => Buffer]>([
      ["over frame_bytes", (vni) => packet(vni, big)],
      [
        "without the I flag",
        (vni) => rawRecord(1, Buffer.concat([vxlan(vni, { flags: 0xf7ff_ffff }), good])),
      ],
      ["of VNI 0", () => packet(0, good)],
      ["of an unused VNI", () => packet(0xffffff, good)],
      ["from a multicast address", (vni) => packet(vni, ethernet(BROADCAST, "01:00:5e:00:00:01", "dropped"))],
      ["from the broadcast address", (vni) => packet(vni, ethernet(BROADCAST, BROADCAST, "dropped"))],
      ["from an address of zeros", (vni) => packet(vni, ethernet(BROADCAST, "00:00:00:00:00:00", "dropped"))],
      ["for offload without the feature", (vni) => rawRecord(2, offload(vni))],
    ])("drops a record %s, and the session goes on", async (_what, record) => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      await sends.send(record(network.vni));
      await sends.send(
        packet(network.vni, ethernet(BROADCAST, station(1), "before")),
        record(network.vni),
        packet(network.vni, ethernet(BROADCAST, station(1), "after")),
      );
      expect(await arrivals(sends, receives, network.vni)).toEqual(["before", "after"]);
      expect([...(await relay().fdb(network)).keys()]).toEqual([station(1)]);
    });

    it("drops frames of networks that the session has not joined, or has left", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      const other = await relay().network({ tenant: network.tenant });
      const listens = stack.use(await TunnelClient.joined(relay().url, other.token, other.vni));
      const waits = stack.use(await TunnelClient.welcomed(relay().url, other.token));
      await sends.send(packet(other.vni, good));
      await waits.send(packet(other.vni, good));
      await waits.sync();
      await waits.join(other.vni);
      expect(await arrivals(waits, listens, other.vni)).toEqual([]);

      waits.say({ type: "leave", vni: other.vni });
      await waits.control("left");
      await waits.send(packet(other.vni, good));
      await waits.sync();
      await listens.send(packet(other.vni, ethernet(BROADCAST, station(2), "to nobody")));
      await listens.sync();
      await waits.join(other.vni);
      expect(await arrivals(waits, listens, other.vni)).toEqual([]);
      expect(waits.takeRecords()).toEqual([]);
      expect(await arrivals(sends, receives, network.vni)).toEqual([]);
    });
  });

  describe("malformed", () => {
    const frame = ethernet(BROADCAST, station(1), "valid");

    it.each<[string, (vni: number) => Buffer]>([
      ["is empty", () => Buffer.alloc(0)],
      ["ends within a record's header", (vni) => packet(vni, frame).subarray(0, 3)],
      ["ends with its header", (vni) => packet(vni, frame).subarray(0, 4)],
      ["ends within the VXLAN header", (vni) => packet(vni, frame).subarray(0, 10)],
      ["ends within the frame", (vni) => packet(vni, frame).subarray(0, -1)],
      [
        "ends within the second record",
        (vni) => Buffer.concat([packet(vni, frame), packet(vni, frame).subarray(0, 20)]),
      ],
      ["has a byte too many", (vni) => Buffer.concat([packet(vni, frame), Buffer.alloc(1)])],
      ["claims the greatest length", (vni) => rawRecord(1, Buffer.concat([vxlan(vni), frame]), 0xffffff)],
      ["claims the greatest length for a type to come", () => rawRecord(9, Buffer.alloc(100), 0xffffff)],
      ["has no room for a VXLAN header", () => rawRecord(1, Buffer.alloc(7))],
      ["has no record body", () => rawRecord(1, Buffer.alloc(0))],
      ["has no room for an Ethernet header", (vni) => packet(vni, frame.subarray(0, 13))],
      [
        "has no room for a virtio-net header",
        (vni) => rawRecord(2, Buffer.concat([vxlan(vni), Buffer.alloc(23)])),
      ],
    ])("closes with 4002 where it %s", async (_what, message) => {
      await using stack = new AsyncDisposableStack();
      const { network, sends, receives } = await pair(stack);
      await sends.send(message(network.vni));
      expect(await sends.ended()).toMatchObject({ code: 4002, reason: expect.stringMatching(/./) });
      expect(await receives.control("member", ({ event }) => event === "left")).toMatchObject({
        member: { name: "sends" },
      });
    });

    it("is distinguished from a well-formed one for random bytes", async () => {
      await using stack = new AsyncDisposableStack();
      const { network, receives } = await pair(stack);
      const { token, vni } = network;
      const body = fc.uint8Array({ maxLength: 60 });
      const piece = fc.oneof(
        body.map((bytes) => Buffer.from(bytes)),
        fc.tuple(fc.nat(255), body).map(([type, bytes]) => rawRecord(type, bytes)),
        fc
          .tuple(fc.constantFrom(1, 2), body, fc.nat(80))
          .map(([type, bytes, size]) => rawRecord(type, bytes, size)),
        fc.constant(packet(vni, frame)),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
          const message = Buffer.concat(pieces);
          await using client = await TunnelClient.joined(relay().url, token, vni);
          await client.send(message);
          if (isWellFormed(message)) await client.sync();
          else expect((await client.ended()).code).toBe(4002);
        }),
        { numRuns: 60 },
      );
      await receives.sync();
    });

    it.each([262_145, 1_000_000])("closes with 1009 if it has %d bytes", async (size) => {
      await using stack = new AsyncDisposableStack();
      const { sends } = await pair(stack);
      await sends.send(rawRecord(9, Buffer.alloc(size - 4)));
      expect((await sends.ended()).code).toBe(1009);
    });
  });
});

/** Returns whether a message conforms to the protocol, as these tests read it. */
function isWellFormed(message: Buffer): boolean {
  let rest = message;
  if (rest.length === 0) return false;
  while (rest.length > 0) {
    if (rest.length < 4) return false;
    const type = rest.readUInt8(0);
    const length = rest.readUIntBE(1, 3);
    if (rest.length < 4 + length) return false;
    if (type === 1 && length < 8 + 14) return false;
    if (type === 2 && length < 18 + 14) return false;
    rest = rest.subarray(4 + length);
  }
  return true;
}
