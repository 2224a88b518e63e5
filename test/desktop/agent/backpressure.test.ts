// A client has no queue: while the network accepts nothing, its TAPs are not read, even if some of their frames are
// dropped.
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { TapPort } from "../../../desktop/agent/network/tap-port.ts";
import type { TapDevice } from "../../../desktop/agent/tap/device.ts";
import { MemoryTap } from "../../../desktop/agent/tap/memory.ts";
import { BATCH_BYTES, SLABS } from "../../../desktop/agent/tap/slab.ts";
import { VlanTrunk } from "../../../desktop/agent/vlan/vlan-trunk.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import { CountingPool } from "../../shared/tunnel/counting-pool.ts";
import { SlowSink } from "../../shared/tunnel/slow-sink.ts";

/** Returns a broadcast of 1500 bytes, with a tag if it is in a VLAN. */
function frame({ vlan, source = 2 }: { readonly vlan?: number; readonly source?: number }): Uint8Array {
  const tag = vlan === undefined ? [] : [0x81, 0x00, 0x00, vlan];
  const bytes = new Uint8Array(1_500);
  bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, source, 0, 0, 0, 0, 1, ...tag, 0x88, 0xb5]);
  return bytes;
}

function client({ offload }: { readonly offload: boolean }) {
  const sink = new SlowSink();
  const pool = new CountingPool();
  const tunnel = new Tunnel({ id: "relay", sink, batch: true, offload, macs: new MacBudget(8), pool });
  const segments = [new Segment(101, () => 0), new Segment(102, () => 0)] as const;
  for (const segment of segments) tunnel.join(segment);
  const start = (tap: TapDevice, segment: Segment) => tap.start(new TapPort(segment, tap, () => {}));
  return { sink, pool, segments, start };
}

/**
 * Sends a TAP many more frames than its slabs hold, first while the network accepts nothing, then while it accepts all.
 */
async function expectBounded(
  { sink, pool }: ReturnType<typeof client>,
  tap: MemoryTap,
  next: (i: number) => Uint8Array,
): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    tap.inject(next(i));
    if (i % 50 === 0) await turn();
  }
  expect(sink.bufferedAmount).toBeGreaterThan(BATCH_BYTES);
  expect(sink.bufferedAmount).toBeLessThanOrEqual(SLABS * (BATCH_BYTES + FRAME_BYTES));
  expect(tap.dropped).toBeGreaterThan(3_000);
  const before = sink.messages.length;
  for (let i = 0; i < 100; i++) {
    sink.takeAll();
    await turn();
  }
  expect(sink.messages.length).toBeGreaterThan(before);
  expect(pool.out).toBe(0);
}

describe("a TAP whose tunnel accepts nothing", () => {
  it("is not read beyond its slabs", async () => {
    const vtep = client({ offload: true });
    const tap = new MemoryTap();
    vtep.start(tap, vtep.segments[0]);
    await expectBounded(vtep, tap, () => frame({}));
  });

  it("is not read further if some of its frames are dropped and the others are copied together", async () => {
    const vtep = client({ offload: true });
    const tap = new MemoryTap();
    vtep.start(tap, vtep.segments[0]);
    await expectBounded(vtep, tap, (i) => frame({ source: i % 4 === 0 ? 3 : 2 }));
  });

  it("is not read further if its frames belong to several VLANs", async () => {
    const vtep = client({ offload: true });
    const tap = new MemoryTap();
    const trunk = new VlanTrunk({ tap, vlans: [1, 2] });
    for (const vlan of [1, 2]) vtep.start(trunk.view(vlan), vtep.segments[vlan - 1] as Segment);
    await expectBounded(vtep, tap, (i) => frame({ vlan: 1 + (i % 2) }));
  });

  it("is not read further if checksums and super-frames are finished for the other end", async () => {
    const vtep = client({ offload: false });
    const tap = new MemoryTap({ offload: true });
    vtep.start(tap, vtep.segments[0]);
    await expectBounded(vtep, tap, () => frame({}));
  });
});
