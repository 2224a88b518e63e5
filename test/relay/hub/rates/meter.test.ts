import { describe, expect, it } from "vitest";
import { FairBucket } from "../../../../relay/hub/rates/fair-bucket.ts";
import { ShareMeter } from "../../../../relay/hub/rates/meter.ts";
import { GSO_TCPV4, writeVirtio } from "../../../../shared/offload/virtio.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
} from "../../../../shared/protocol/record.ts";

const FRAME = 1_000;

/** A share with so many tokens, and no refill. */
function share(tokens: number) {
  return new FairBucket(Number.MIN_VALUE, tokens, () => 0).join("one");
}

/** A plain record, or with a segment size a super-frame. */
function record(gsoSize?: number): [bytes: Uint8Array, start: number, frame: number, end: number] {
  const frame = gsoSize === undefined ? ENCAPSULATION_BYTES : OFFLOAD_BYTES;
  const bytes = new Uint8Array(frame + FRAME);
  if (gsoSize === undefined) encapsulate(bytes, 0, bytes.length, 101);
  else {
    encapsulate(bytes, 0, bytes.length, 101, RECORD_OFFLOAD);
    writeVirtio(bytes, ENCAPSULATION_BYTES, { gsoType: GSO_TCPV4, gsoSize });
  }
  return [bytes, 0, frame, bytes.length];
}

/** How many times a record passes before it is refused, and the reason. */
function count(meter: ShareMeter, [bytes, start, frame, end] = record()): [number, string | undefined] {
  for (let i = 0; i < 1_000; i++) {
    const refused = meter.take(bytes, start, frame, end);
    if (refused !== undefined) return [i, refused];
  }
  return [1_000, undefined];
}

describe("a meter", () => {
  it("lets everything through without a limit", () => {
    expect(count(new ShareMeter({}, {}))).toEqual([1_000, undefined]);
  });

  it.each([
    [{ tenant: share(5_000) }, {}, [5, "rate-bytes"]],
    [{ network: share(3_000) }, {}, [3, "rate-bytes"]],
    [{}, { tenant: share(7) }, [7, "rate-packets"]],
    [{}, { network: share(2) }, [2, "rate-packets"]],
    [
      { tenant: share(5_000), network: share(9_000) },
      { tenant: share(8), network: share(9) },
      [5, "rate-bytes"],
    ],
    [
      { tenant: share(9_000), network: share(9_000) },
      { tenant: share(8), network: share(4) },
      [4, "rate-packets"],
    ],
  ])("lets through as much as its smallest share allows, and names the limit", (bytes, packets, what) => {
    expect(count(new ShareMeter(bytes, packets))).toEqual(what);
  });

  it("charges no share for a frame that another refuses", () => {
    const tenant = share(10_000);
    count(new ShareMeter({ tenant, network: share(1_000) }, {}));
    expect(tenant.tokens).toBe(9_000);
  });

  it("counts a super-frame as the packets that it stands for", () => {
    expect(count(new ShareMeter({}, { tenant: share(20) }), record(100))).toEqual([2, "rate-packets"]);
    expect(count(new ShareMeter({}, { tenant: share(20) }), record(0))).toEqual([20, "rate-packets"]);
  });
});
