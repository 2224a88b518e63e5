import { afterEach, describe, expect, it, vi } from "vitest";
import type { FrameBatch } from "../../../../desktop/agent/tap/device.ts";
import { MemoryTap } from "../../../../desktop/agent/tap/memory.ts";
import { VlanTrunk } from "../../../../desktop/agent/vlan/vlan-trunk.ts";
import { GSO_TCPV4, NEEDS_CSUM, VIRTIO_BYTES, writeVirtio } from "../../../../shared/offload/virtio.ts";
import { type Rig, tapContract } from "../tap/contract.ts";
import { noOffloadContract, offloadContract } from "../tap/offload-contract.ts";
import { framesOf, makeFrame, Reader, turns, WAIT } from "../tap/reader.ts";

/** Returns a frame with a tag of 802.1Q, or another TPID, before all others. */
function tagged(vlan: number, frame: Uint8Array, tpid = 0x8100): Uint8Array {
  const tag = [tpid >>> 8, tpid & 0xff, vlan >>> 8, vlan & 0xff];
  return Uint8Array.of(...frame.subarray(0, 12), ...tag, ...frame.subarray(12));
}

function header(fields: Parameters<typeof writeVirtio>[2]): Uint8Array {
  const bytes = new Uint8Array(VIRTIO_BYTES);
  writeVirtio(bytes, 0, fields);
  return bytes;
}

/** The other side of a view has the tag, and a checksum starts a tag later there: the contract's has neither. */
async function rig(vlan: number, offload: boolean): Promise<Rig> {
  const by = vlan === 0 ? 0 : 4;
  const received: { frame: Uint8Array; virtio: Uint8Array | undefined }[] = [];
  const moved = (virtio: Uint8Array, by: number) => {
    const copy = new DataView(virtio.slice().buffer);
    if (virtio[0] === NEEDS_CSUM) copy.setUint16(6, copy.getUint16(6, true) + by, true);
    return new Uint8Array(copy.buffer);
  };
  const tap = new MemoryTap({
    offload,
    written: (frame, virtio) => {
      if (by > 0) expect([...frame.subarray(12, 16)]).toEqual([0x81, 0, vlan >>> 8, vlan & 0xff]);
      received.push({
        frame: Uint8Array.of(...frame.subarray(0, 12), ...frame.subarray(12 + by)),
        virtio: virtio && moved(virtio, -by),
      });
    },
  });
  const trunk = new VlanTrunk({ tap, vlans: [vlan] });
  return {
    device: trunk.view(vlan),
    gap: by,
    send: (frame, virtio) => {
      const sent = by === 0 ? frame : tagged(vlan, frame);
      if (!tap.inject(sent, virtio && moved(virtio, by))) throw new Error("the queue is full");
    },
    received: () => received.splice(0).map(({ frame }) => frame),
    receivedWithHeaders: () =>
      received.splice(0).map(({ frame, virtio }) => Uint8Array.of(...(virtio ?? []), ...frame)),
    exists: () => tap.exists,
    down: async () => {
      tap.up = false;
    },
    delete: async () => tap.delete(),
    dispose: async () => {},
  };
}

for (const [name, vlan] of [
  ["VLAN 10 of a trunk", 10],
  ["VLAN 4094 of a trunk", 4094],
  ["untagged part of a trunk", 0],
] as const) {
  tapContract(name, () => rig(vlan, false));
  noOffloadContract(name, () => rig(vlan, false));
  tapContract(`offloading ${name}`, () => rig(vlan, true));
  offloadContract(`offloading ${name}`, () => rig(vlan, true));
}

describe("a trunk", () => {
  let tap: MemoryTap;
  let trunk: VlanTrunk;
  const written: Uint8Array[] = [];
  const unmapped: number[] = [];

  /** Starts a trunk with these VLANs, and a reader for each. */
  function start<Vlan extends number>(
    vlans: readonly Vlan[],
    mode: "release" | "keep" = "release",
    offload = false,
  ): Record<Vlan, Reader> {
    written.length = 0;
    unmapped.length = 0;
    tap = new MemoryTap({ offload, written: (frame) => written.push(frame) });
    trunk = new VlanTrunk({ tap, vlans, unmapped: (vlan) => unmapped.push(vlan) });
    const readers = vlans.map((vlan) => {
      const reader = new Reader(mode);
      trunk.view(vlan).start(reader);
      return [vlan, reader];
    });
    return Object.fromEntries(readers);
  }

  afterEach(() => trunk.close());

  it("gives each VLAN its own frames, without their tags and in order", async () => {
    const readers = start([0, 10, 20]);
    const vlans = [10, 20, 10, 0, 20, 10] as const;
    vlans.forEach((vlan, i) => {
      const frame = makeFrame(60 + i, i);
      tap.inject(vlan === 0 ? frame : tagged(vlan, frame));
    });
    await vi.waitUntil(() => readers[0].seen.length === 1, WAIT);
    const of = (vlan: number) => vlans.flatMap((one, i) => (one === vlan ? [makeFrame(60 + i, i)] : []));
    expect(readers[10].seen).toEqual(of(10));
    expect(readers[20].seen).toEqual(of(20));
    expect(readers[0].seen).toEqual(of(0));
    expect(trunk.drops.toJSON()).toEqual({});
  });

  it("returns the memory when the last VLAN releases it", async () => {
    const readers = start([10, 20], "keep");
    const given: FrameBatch[] = [];
    for (let round = 0; round < 20; round++) {
      tap.inject(tagged(10, makeFrame(60, round)));
      tap.inject(tagged(20, makeFrame(60, 100 + round)));
      await vi.waitUntil(() => readers[10].kept.length + readers[20].kept.length === 2, WAIT);
      const [first, last] = round % 2 === 0 ? [readers[10], readers[20]] : [readers[20], readers[10]];
      const [early] = first.kept.splice(0);
      const [late] = last.kept.splice(0);
      if (early === undefined || late === undefined) throw new Error("no batch");
      early.release();
      // The other reader's frames are unchanged after any number of releases.
      early.release();
      expect(framesOf(late)).toEqual([last.seen.at(-1)]);
      late.release();
      given.push(early, late);
    }
    for (const batch of given) {
      expect(() => batch.block).toThrow("after its release");
      expect(() => batch.frameAt(0)).toThrow("after its release");
      batch.release();
    }
  });

  it("stops reading while one VLAN holds all memory, and continues when it is released", async () => {
    const readers = start([10, 20]);
    readers[10].mode = "keep";
    for (let i = 0; i < 300; i++) tap.inject(tagged(i % 2 === 0 ? 10 : 20, makeFrame(200, i)));
    await vi.waitUntil(() => readers[10].kept.length === 4, WAIT);
    await turns();
    expect(readers[20].seen.length).toBeLessThan(150);
    readers[10].releaseAll();
    await vi.waitUntil(() => readers[10].seen.length === 150 && readers[20].seen.length === 150, WAIT);
  });

  it("treats a priority tag as untagged, and removes it", async () => {
    const readers = start([0, 10]);
    tap.inject(tagged(0, makeFrame(60)));
    await vi.waitUntil(() => readers[0].seen.length === 1, WAIT);
    expect(readers[0].seen).toEqual([makeFrame(60)]);
  });

  it("leaves a frame of a wire's shortest length fit for a wire", async () => {
    const readers = start([0, 10]);
    const short = makeFrame(56);
    for (const vlan of [0, 10]) tap.inject(tagged(vlan, short));
    await vi.waitUntil(() => readers[0].seen.length + readers[10].seen.length === 2, WAIT);
    const padded = Uint8Array.of(...short, 0, 0, 0, 0);
    expect([readers[0].seen, readers[10].seen]).toEqual([[padded], [padded]]);
  });

  it("leaves the tags that are inside another alone", async () => {
    const readers = start([10, 20], "keep");
    tap.inject(tagged(10, tagged(20, makeFrame(60))));
    await vi.waitUntil(() => readers[10].batches === 1, WAIT);
    const [batch] = readers[10].kept;
    expect(batch?.block.bytes.slice(batch.frameAt(0), batch.endAt(0))).toEqual(tagged(20, makeFrame(60)));
    expect(readers[20].batches).toBe(0);
  });

  it.each<[string, Uint8Array, number]>([
    ["a VLAN that is not mapped", tagged(30, makeFrame(60)), 30],
    ["no tag", makeFrame(60), 0],
    ["a priority tag", tagged(0, makeFrame(60)), 0],
    ["the reserved id", tagged(4095, makeFrame(60)), 4095],
    ["the tag of a provider's bridge", tagged(10, makeFrame(60), 0x88a8), 4095],
    ["a mapped VLAN behind a priority tag", tagged(0, tagged(10, makeFrame(60))), 4095],
    ["a tag cut short", tagged(10, makeFrame(60)).slice(0, 17), 4095],
  ])("drops and counts frames for no network: %s", async (_what, frame, vlan) => {
    const readers = start([10, 20]);
    for (let i = 0; i < 3; i++) tap.inject(frame);
    tap.inject(tagged(20, makeFrame(60)));
    await vi.waitUntil(() => readers[20].seen.length === 1, WAIT);
    expect(readers[10].batches).toBe(0);
    expect(readers[20].seen).toEqual([makeFrame(60)]);
    expect(trunk.drops.toJSON()).toEqual({ "no-vlan": 3 });
    expect([...trunk.droppedVlans()]).toEqual([[vlan, 3]]);
    expect(unmapped).toEqual([vlan]);
  });

  it("returns memory at once if no VLAN has frames in it", async () => {
    const readers = start([10]);
    for (let i = 0; i < 900; i++) tap.inject(tagged(30, makeFrame(60, i)));
    tap.inject(tagged(10, makeFrame(60, 900)));
    await vi.waitUntil(() => readers[10].seen.length === 1, WAIT);
    expect(trunk.drops.of("no-vlan")).toBe(900);
  });

  it("drops and counts frames of a VLAN whose network is not up yet", async () => {
    tap = new MemoryTap();
    trunk = new VlanTrunk({ tap, vlans: [10, 20] });
    const reader = new Reader();
    trunk.view(10).start(reader);
    tap.inject(tagged(20, makeFrame(60, 1)));
    tap.inject(tagged(10, makeFrame(60, 2)));
    await vi.waitUntil(() => reader.seen.length === 1, WAIT);
    expect(trunk.drops.toJSON()).toEqual({ "no-receiver": 1 });
    const late = new Reader();
    trunk.view(20).start(late);
    tap.inject(tagged(20, makeFrame(60, 3)));
    await vi.waitUntil(() => late.seen.length === 1, WAIT);
    expect(late.seen).toEqual([makeFrame(60, 3)]);
  });

  it("writes each network's frames into its VLAN, also tagged ones", () => {
    start([0, 10, 20]);
    const frame = makeFrame(60);
    expect(trunk.view(10).write(frame, 0, 60)).toBe(true);
    expect(trunk.view(20).write(tagged(10, frame), 0, 64)).toBe(true);
    expect(trunk.view(0).write(frame, 0, 60)).toBe(true);
    expect(written).toEqual([tagged(10, frame), tagged(20, tagged(10, frame)), frame]);
  });

  it.each<[string, Uint8Array]>([
    ["a VLAN's tag", tagged(10, makeFrame(60))],
    ["a VLAN's tag behind a priority tag", tagged(0, tagged(10, makeFrame(60)))],
    ["the tag of a provider's bridge", tagged(10, makeFrame(60), 0x88a8)],
    ["a tag cut short", tagged(10, makeFrame(60)).slice(0, 17)],
  ])("lets no member of the untagged network send into a VLAN: %s", (_what, frame) => {
    for (const offload of [false, true]) {
      start([0, 10], "release", offload);
      trunk.view(0).write(frame, 0, frame.length);
      trunk.view(0).writeOffload(Uint8Array.of(...header({}), ...frame), 0, VIRTIO_BYTES + frame.length);
      expect(written).toEqual([]);
      expect(trunk.drops.of("no-vlan")).toBe(offload ? 2 : 1);
    }
  });

  it("writes a super-frame with its tag, and says where its checksum begins now", () => {
    const headers: (Uint8Array | undefined)[] = [];
    tap = new MemoryTap({ offload: true, written: (_frame, virtio) => headers.push(virtio) });
    trunk = new VlanTrunk({ tap, vlans: [10] });
    const fields = { flags: NEEDS_CSUM, gsoType: GSO_TCPV4, gsoSize: 1448, csumOffset: 16 };
    const bytes = Uint8Array.of(
      0,
      0,
      0,
      0,
      ...header({ ...fields, csumStart: 34, hdrLen: 66 }),
      ...makeFrame(3000),
    );
    expect(trunk.view(10).writeOffload(bytes, 4, bytes.length)).toBe(true);
    expect(headers).toEqual([header({ ...fields, csumStart: 38, hdrLen: 70 })]);
  });

  it("keeps its interface until the last network that is up is closed", async () => {
    start([10, 20]);
    await trunk.view(10).close();
    expect(tap.exists).toBe(true);
    expect(trunk.view(10).write(makeFrame(60), 0, 60)).toBe(false);
    expect(trunk.view(20).write(makeFrame(60), 0, 60)).toBe(true);
    await trunk.view(20).close();
    expect(tap.exists).toBe(false);
  });

  it("delivers nothing to a network that another's receiver has just closed, and leaks no memory", async () => {
    const readers = start([10, 20]);
    readers[10].onFrames = () => void trunk.view(20).close();
    tap.inject(tagged(10, makeFrame(60, 0)));
    tap.inject(tagged(20, makeFrame(60, 1)));
    await vi.waitUntil(() => readers[10].seen.length === 1, WAIT);
    for (let i = 1; i <= 600; i++) tap.inject(tagged(10, makeFrame(60, i)));
    await vi.waitUntil(() => readers[10].seen.length === 601, WAIT);
    expect(readers[20].batches).toBe(0);
  });

  it("reports to every network that is up when its interface is gone", async () => {
    const readers = start([10, 20, 30]);
    await trunk.view(30).close();
    tap.delete();
    await vi.waitUntil(() => readers[20].failures.length > 0, WAIT);
    await turns();
    for (const reader of [readers[10], readers[20]]) {
      expect(reader.failures).toEqual([expect.objectContaining({ code: "tap.gone" })]);
    }
    expect(readers[30].failures).toEqual([]);
  });

  it("accepts only valid VLANs, and has no view of others", () => {
    start([10]);
    expect(() => trunk.view(20)).toThrow(RangeError);
    for (const vlan of [-1, 4095, 1.5])
      expect(() => new VlanTrunk({ tap, vlans: [vlan] })).toThrow(RangeError);
  });
});
