/**
 * TAPs of Linux (Documentation/networking/tuntap.rst in its source). libuv's poll wakes the driver, which reads without
 * blocking into a slab until the queue is empty or the slab full. With offload, TCP super-frames of 64 KiB pass whole,
 * which makes a tunnel fast: a frame costs one system call, almost regardless of its size.
 */
import { closeSync, constants, openSync } from "node:fs";
import { constants as system } from "node:os";
import { getSystemErrorName } from "node:util";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import {
  checkOffloadRange,
  checkRange,
  OFFLOAD_HEADROOM,
  TAP_HEADROOM,
  type TapDevice,
  type TapReceiver,
} from "./device.ts";
import { checkName, goneFault, NAME_PATTERN, openFault } from "./faults.ts";
import type { Native, Watch } from "./native.ts";
import { type Slab, SlabPool } from "./slab.ts";

/** From linux/if_tun.h and linux/if.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_TSO_ECN = 0x08;
const TUN_F_USO4 = 0x20;
const TUN_F_USO6 = 0x40;

const UDP_OFFLOADS = TUN_F_USO4 | TUN_F_USO6;
const TCP_OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
/** Offloads to ask for, best first: UDP segmentation came with Linux 6.2. */
const OFFLOADS = [TCP_OFFLOADS | UDP_OFFLOADS, TCP_OFFLOADS, TUN_F_CSUM];

const { EAGAIN, EINTR, EINVAL } = system.errno;
/** "File descriptor in bad state": the interface was deleted. Missing in Node's constants. */
const EBADFD = 77;

export interface LinuxTapOptions {
  /** The name asked for; by default the lowest free `lw0`, `lw1`, … */
  readonly name?: string | undefined;
  /** Whether to use offload if the kernel has it; true by default. */
  readonly offload?: boolean | undefined;
  /** The driver's clone device, /dev/net/tun. */
  readonly cloneDevice?: string;
}

/**
 * Creates a TAP, or takes over a persistent one of that name (`ip tuntap add … user …`), which then remains when it is
 * closed. It is down and not configured: see ./link.ts.
 *
 * @throws Fault `tap.name-invalid`, `tap.no-device`, `tap.no-permission`, `tap.name-taken`, `tap.refused`
 */
export function openLinuxTap(native: Native, options: LinuxTapOptions = {}): TapDevice {
  const { name, offload = true, cloneDevice = "/dev/net/tun" } = options;
  if (name !== undefined) checkName(name);
  let fd: number;
  try {
    // Node adds O_CLOEXEC.
    fd = openSync(cloneDevice, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw openFault((error as NodeJS.ErrnoException).code ?? "", name, error);
  }
  try {
    const [given, header] = attach(native, fd, name, offload);
    const offloads = setOffloads(native, fd, header);
    return new LinuxTap(native, fd, given, header, offloads);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Turns the descriptor into a TAP. Returns its name, and whether its frames have a virtio-net header. */
function attach(native: Native, fd: number, name: string | undefined, header: boolean): [string, boolean] {
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name ?? NAME_PATTERN, "latin1");
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0), IFREQ_FLAGS);
  if (native.ioctl(fd, TUNSETIFF, request) >= 0) {
    return [request.toString("latin1", 0, request.indexOf(0)), header];
  }
  const errno = native.errno();
  // Either the header or the name is the reason: the second attempt shows which.
  if (header && errno === EINVAL) return attach(native, fd, name, false);
  throw openFault(getSystemErrorName(-errno), name, undefined);
}

/**
 * Tells the kernel which work it may leave to this process; a persistent TAP may still have its last owner's settings.
 * Returns what was accepted.
 */
function setOffloads(native: Native, fd: number, header: boolean): number {
  if (!header) {
    native.ioctlValue(fd, TUNSETOFFLOAD, 0);
    return 0;
  }
  const size = Buffer.alloc(4);
  size.writeUInt32LE(VIRTIO_BYTES);
  if (native.ioctl(fd, TUNSETVNETHDRSZ, size) < 0) {
    throw openFault(getSystemErrorName(-native.errno()), undefined, undefined);
  }
  // Even without accepted offloads, super-frames can still be written.
  return OFFLOADS.find((offloads) => native.ioctlValue(fd, TUNSETOFFLOAD, offloads) >= 0) ?? 0;
}

class LinuxTap implements TapDevice {
  readonly name: string;
  readonly offload: boolean;
  readonly udpSuperFrames: boolean;
  readonly headroom: number;
  readonly #native: Native;
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #pool: SlabPool;
  /** Slabs do not move, so each address is looked up once. */
  readonly #addresses = new Map<Slab, number>();
  #receiver: TapReceiver | undefined;
  #polling = false;
  #failed = false;
  #closing: Promise<void> | undefined;
  /** A buffer holds many frames, so its address is looked up once; the reference keeps it in place. */
  #written: Uint8Array | undefined;
  #writtenAddress = 0;
  /** Original bytes at the place of a temporary header. */
  readonly #saved = new Uint8Array(VIRTIO_BYTES);

  constructor(native: Native, fd: number, name: string, offload: boolean, offloads: number) {
    this.name = name;
    this.offload = offload;
    // A kernel that accepts this offload also accepts such frames.
    this.udpSuperFrames = (offloads & UDP_OFFLOADS) !== 0;
    this.headroom = offload ? OFFLOAD_HEADROOM : TAP_HEADROOM;
    this.#native = native;
    this.#fd = fd;
    this.#watch = native.watch(fd, (status) => this.#ready(status));
    this.#pool = new SlabPool({ headroom: this.headroom, freed: () => this.#poll() });
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined) throw new Error("a TAP is started once");
    this.#receiver = receiver;
    this.#poll();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    return this.offload ? this.#writePlain(bytes, frame, end) : this.#put(bytes, frame, end);
  }

  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean {
    checkOffloadRange(bytes, virtio, end);
    return this.offload && this.#put(bytes, virtio, end);
  }

  /** Puts an empty header before the frame for the duration of the call, which is faster than writev(2). */
  #writePlain(bytes: Uint8Array, frame: number, end: number): boolean {
    const virtio = frame - VIRTIO_BYTES;
    if (virtio < 0) {
      // Never on the hot path, where a record's header precedes every frame.
      const copy = new Uint8Array(VIRTIO_BYTES + end - frame);
      copy.set(bytes.subarray(frame, end), VIRTIO_BYTES);
      return this.#put(copy, 0, copy.length);
    }
    const saved = this.#saved;
    for (let i = 0; i < VIRTIO_BYTES; i++) {
      saved[i] = bytes[virtio + i] as number;
      bytes[virtio + i] = 0;
    }
    const written = this.#put(bytes, virtio, end);
    for (let i = 0; i < VIRTIO_BYTES; i++) bytes[virtio + i] = saved[i] as number;
    return written;
  }

  /** Writes `bytes[start, end)` unchanged. */
  #put(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#closing !== undefined) return false;
    if (bytes !== this.#written) {
      this.#writtenAddress = this.#native.address(bytes);
      this.#written = bytes;
    }
    for (;;) {
      if (this.#native.write(this.#fd, this.#writtenAddress + start, end - start) >= 0) return true;
      const errno = this.#native.errno();
      if (errno === EINTR) continue;
      if (errno === EBADFD) process.nextTick(() => this.#fail(errno));
      return false;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#polling = false;
    this.#written = undefined;
    await this.#watch.close();
    // A persistent TAP keeps its settings, and its next owner may not support offload.
    if (this.offload) this.#native.ioctlValue(this.#fd, TUNSETOFFLOAD, 0);
    closeSync(this.#fd);
  }

  #poll(): void {
    if (this.#polling || this.#failed || this.#closing !== undefined || this.#receiver === undefined) return;
    this.#polling = true;
    this.#watch.start();
  }

  #pause(): void {
    if (!this.#polling) return;
    this.#polling = false;
    this.#watch.stop();
  }

  #ready(status: number): void {
    if (status < 0) {
      this.#fail(-status);
      return;
    }
    const slab = this.#pool.take();
    if (slab === undefined) {
      // Polling stops with the last slab, so one is free; without one, a level-triggered poll would spin.
      this.#pause();
      return;
    }
    const errno = this.#fill(slab);
    const batch = slab.count > 0 ? this.#pool.batch(slab) : undefined;
    if (batch === undefined) this.#pool.giveBack(slab);
    if (!this.#pool.available) this.#pause();
    if (batch !== undefined) this.#receiver?.frames(batch);
    if (errno !== 0 && errno !== EAGAIN) this.#fail(errno);
  }

  /** Reads available frames. Returns the errno that ended it, or 0 if the slab became full first. */
  #fill(slab: Slab): number {
    let address = this.#addresses.get(slab);
    if (address === undefined) {
      address = this.#native.address(slab.bytes);
      this.#addresses.set(slab, address);
    }
    const header = this.offload ? VIRTIO_BYTES : 0;
    while (!slab.isFull) {
      const length = this.#native.read(this.#fd, address + slab.next - header, header + FRAME_BYTES);
      if (length > 0) {
        slab.add(length - header);
        continue;
      }
      const errno = this.#native.errno();
      if (errno !== EINTR) return errno;
    }
    return 0;
  }

  #fail(errno: number): void {
    if (this.#failed || this.#closing !== undefined || this.#receiver === undefined) return;
    this.#failed = true;
    this.#pause();
    this.#receiver.failed(goneFault(this.name, new Error(getSystemErrorName(-errno))));
  }
}
