// The other end of a trunk, like a switch with VLANs: an interface `tagged` with frames of every VLAN, and an untagged
// interface `vlan<id>` for each VLAN. Linux's own (8021q, or a bridge with vlan_filtering) is not in every kernel. Run
// as a program, with `offload` or `plain` and the IDs; prints `{"event":"ready"}`. It does not use shared/frame/. With
// `plain` the kernel must finish every frame before it arrives here, and fails if a checksum's place is wrong; with
// `offload` nothing on this machine checks it.
import type { FrameBatch, TapDevice } from "../../../desktop/agent/tap/device.ts";
import { openTap } from "../../../desktop/agent/tap/open.ts";

const [mode, ...ids] = process.argv.slice(2);
const offload = mode === "offload";
const VIRTIO_BYTES = offload ? 10 : 0;
const NEEDS_CSUM = 1;
const CSUM_START = 6;
const { signal } = new AbortController();

const tagged = await openTap({ name: "tagged", offload, signal });
const untagged = new Map<number, TapDevice>();
for (const id of ids.map(Number)) {
  const tap = await openTap({ name: `vlan${id}`, offload, signal });
  untagged.set(id, tap);
  tap.start({ frames: (batch) => forEach(batch, (bytes) => addTag(bytes, id)), failed });
}
tagged.start({ frames: (batch) => forEach(batch, removeTag), failed });
process.stdout.write('{"event":"ready"}\n');

/** Passes on copies, each behind its virtio-net header if there is one. */
function forEach(batch: FrameBatch, use: (bytes: Buffer) => void): void {
  for (let i = 0; i < batch.count; i++) {
    use(Buffer.from(batch.block.bytes.subarray(batch.frameAt(i) - VIRTIO_BYTES, batch.endAt(i))));
  }
  batch.release();
}

function addTag(bytes: Buffer, id: number): void {
  const addresses = VIRTIO_BYTES + 12;
  moveChecksum(bytes, 4);
  const tag = Buffer.from([0x81, 0x00, id >> 8, id & 0xff]);
  const whole = Buffer.concat([bytes.subarray(0, addresses), tag, bytes.subarray(addresses)]);
  write(tagged, whole);
}

function removeTag(bytes: Buffer): void {
  const tag = VIRTIO_BYTES + 12;
  if (bytes.readUInt16BE(tag) !== 0x8100) return;
  moveChecksum(bytes, -4);
  const whole = Buffer.concat([bytes.subarray(0, tag), bytes.subarray(tag + 4)]);
  write(untagged.get(bytes.readUInt16BE(tag + 2) & 0xfff), whole);
}

function write(tap: TapDevice | undefined, whole: Buffer): void {
  if (offload) tap?.writeOffload(whole, 0, whole.length);
  else tap?.write(whole, 0, whole.length);
}

function moveChecksum(bytes: Buffer, by: number): void {
  if (offload && ((bytes[0] ?? 0) & NEEDS_CSUM) !== 0)
    bytes.writeUInt16LE(bytes.readUInt16LE(CSUM_START) + by, CSUM_START);
}

function failed(error: Error): void {
  throw error;
}
