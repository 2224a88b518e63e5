/**
 * The client's end of a frame's way, in the order in which a frame passes these functions:
 *
 *  1. `TapDevice` (desktop/agent/tap/linux.ts) wakes up by poll and reads frames from the TAP into a slab.
 *  2. `VlanTrunk.frames` (desktop/agent/vlan/vlan-trunk.ts), if the TAP is a trunk, gives each frame to its VLAN's view.
 *  3. {@link TapPort.frames} writes record and VXLAN header before each frame.
 *  4. `Segment.forward` (shared/switch/segment.ts) learns the source and finds the port: here the tunnel's, without a policy.
 *  5. `TunnelPort.send` (shared/tunnel/tunnel.ts) adds the record to the `Outbox`; `EgressQueue` if the socket is backlogged.
 *  6. `Segment.flush`, `Outbox.flush` and `MessageSink.send` (system/websocket/message-socket.ts) send one message.
 *
 * Back: `TunnelConnection` gets a message, `Tunnel.receive` reads its records, `Segment.forward`, then {@link TapPort.send},
 * which joins small datagrams for the kernel, and `TapDevice.write` or `writeOffload`.
 */
import { DatagramJoiner } from "../../../shared/offload/datagram-joiner.ts";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { encapsulate, isOffload, RECORD_OFFLOAD, RECORD_VXLAN } from "../../../shared/protocol/record.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { MacBudget, Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import type { FrameBatch, TapDevice, TapReceiver } from "../tap/device.ts";

/** Source addresses behind one TAP: a bridged lab has hundreds. */
const TAP_MACS = 4_096;

/** The TAP's port in a segment of this VTEP. */
export class TapPort extends Port implements TapReceiver {
  readonly #segment: Segment;
  readonly #tap: TapDevice;
  readonly #failed: (error: Error) => void;
  /** Type of its frames' records: with offload all have a virtio-net header, so that batches stay whole. */
  readonly #type: typeof RECORD_VXLAN | typeof RECORD_OFFLOAD;
  /** Joins small datagrams, because each costs the kernel as much as a super-frame of them. */
  readonly #joiner: DatagramJoiner | undefined;
  /** The block of the last frame given to the joiner. */
  #joined: Block | undefined;

  /** @param failed called when the device is gone */
  constructor(segment: Segment, tap: TapDevice, failed: (error: Error) => void) {
    super(tap.name, new MacBudget(TAP_MACS), tap.offload);
    this.#type = tap.offload ? RECORD_OFFLOAD : RECORD_VXLAN;
    this.#segment = segment;
    this.#tap = tap;
    this.#failed = failed;
    if (!tap.udpSuperFrames) return;
    this.#joiner = new DatagramJoiner((bytes, virtio, end, frames, frameBytes) =>
      this.#put(bytes, virtio, end, frames, frameBytes),
    );
  }

  /** Continues the counters of the port that it replaces. */
  continueFrom(port: Port): void {
    this.rxFrames = port.rxFrames;
    this.rxBytes = port.rxBytes;
    this.txFrames = port.txFrames;
    this.txBytes = port.txBytes;
    for (const [reason, frames] of Object.entries(port.drops.toJSON())) {
      this.drops.count(reason as DropReason, frames);
    }
  }

  frames(batch: FrameBatch): void {
    const { block, count } = batch;
    const headroom = this.#tap.headroom;
    for (let i = 0; i < count; i++) {
      const frame = batch.frameAt(i);
      const end = batch.endAt(i);
      const start = frame - headroom;
      encapsulate(block.bytes, start, end, this.#segment.vni, this.#type);
      this.#segment.forward(this, block, start, frame, end);
    }
    this.#segment.flush();
    batch.release();
  }

  failed(error: Error): void {
    this.#failed(error);
  }

  override send(block: Block, start: number, frame: number, end: number): void {
    const { bytes } = block;
    if (!isOffload(bytes, start)) {
      // Earlier frames go first.
      this.#joiner?.flush();
      this.#count(this.#tap.write(bytes, frame, end), 1, end - frame);
    } else if (this.#joiner !== undefined) {
      // The joiner may keep the frame until it is flushed, or until it gets another.
      const last = this.#joined;
      if (block !== last) block.retain();
      this.#joiner.add(bytes, frame - VIRTIO_BYTES, end);
      this.#joined = block;
      if (block !== last) last?.release();
    } else {
      this.#put(bytes, frame - VIRTIO_BYTES, end, 1, end - frame);
    }
  }

  override flush(): void {
    // All frames are in the kernel already, except datagrams that waited to be joined.
    this.#joiner?.flush();
    this.#joined?.release();
    this.#joined = undefined;
  }

  #put(bytes: Uint8Array, virtio: number, end: number, frames: number, frameBytes: number): void {
    this.#count(this.#tap.writeOffload(bytes, virtio, end), frames, frameBytes);
  }

  #count(written: boolean, frames: number, bytes: number): void {
    if (!written) {
      this.drops.count("tap-refused", frames);
      return;
    }
    this.txFrames += frames;
    this.txBytes += bytes;
  }
}
