/**
 * TAPs of Linux (Documentation/networking/tuntap.rst in its source): wake-ups by libuv's poll, then
 * non-blocking reads into a slab until the queue is empty or the slab full.
 */
import { closeSync, constants, openSync } from "node:fs";
import { constants as system } from "node:os";
import { getSystemErrorName } from "node:util";
import { FRAME_BYTES } from "../../../shared/tunnel/constants.ts";
import { checkRange, type TapDevice, type TapReceiver } from "./device.ts";
import { checkName, goneFault, NAME_PATTERN, openFault } from "./faults.ts";
import type { Native, Watch } from "./native.ts";
import { type Slab, SlabPool } from "./slab.ts";

/** From linux/if_tun.h and linux/if.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;

const { EAGAIN, EINTR } = system.errno;
/** "File descriptor in bad state": its interface was deleted. Not among Node's constants. */
const EBADFD = 77;

export interface LinuxTapOptions {
  /** The name asked for; the lowest free `lw0`, `lw1`, … without one. */
  readonly name?: string | undefined;
  /** The driver's clone device, /dev/net/tun. */
  readonly cloneDevice?: string;
}

/**
 * Makes a TAP, or takes over a persistent one of that name (`ip tuntap add … user …`), which then stays when
 * it is closed. It is down and bare: see ../link.ts.
 *
 * @throws Fault `tap.name-invalid`, `tap.no-device`, `tap.no-permission`, `tap.name-taken`, `tap.refused`
 */
export function openLinuxTap(native: Native, options: LinuxTapOptions = {}): TapDevice {
  const { name, cloneDevice = "/dev/net/tun" } = options;
  if (name !== undefined) checkName(name);
  let fd: number;
  try {
    // Node adds O_CLOEXEC.
    fd = openSync(cloneDevice, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw openFault((error as NodeJS.ErrnoException).code ?? "", name, error);
  }
  try {
    const request = Buffer.alloc(IFREQ_BYTES);
    request.write(name ?? NAME_PATTERN, "latin1");
    request.writeUInt16LE(IFF_TAP | IFF_NO_PI, IFREQ_FLAGS);
    if (native.ioctl(fd, TUNSETIFF, request) < 0) {
      throw openFault(getSystemErrorName(-native.errno()), name, undefined);
    }
    return new LinuxTap(native, fd, request.toString("latin1", 0, request.indexOf(0)));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class LinuxTap implements TapDevice {
  readonly name: string;
  readonly #native: Native;
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #pool: SlabPool;
  /** Slabs stay where they are, so each is looked up once. */
  readonly #addresses = new Map<Slab, number>();
  #receiver: TapReceiver | undefined;
  #polling = false;
  #failed = false;
  #closing: Promise<void> | undefined;
  /** Frames come many to a buffer: its address is asked for once, and the reference keeps it in place. */
  #written: Uint8Array | undefined;
  #writtenAddress = 0;

  constructor(native: Native, fd: number, name: string) {
    this.name = name;
    this.#native = native;
    this.#fd = fd;
    this.#watch = native.watch(fd, (status) => this.#ready(status));
    this.#pool = new SlabPool({ freed: () => this.#poll() });
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined) throw new Error("a TAP is started once");
    this.#receiver = receiver;
    this.#poll();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    if (this.#closing !== undefined) return false;
    if (bytes !== this.#written) {
      this.#writtenAddress = this.#native.address(bytes);
      this.#written = bytes;
    }
    for (;;) {
      if (this.#native.write(this.#fd, this.#writtenAddress + frame, end - frame) >= 0) return true;
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
      // Polling stops with the last slab, so there is one; were there none, a level-triggered poll would spin.
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

  /** Reads what there is. Returns the errno that ended it, 0 when the slab was full first. */
  #fill(slab: Slab): number {
    let address = this.#addresses.get(slab);
    if (address === undefined) {
      address = this.#native.address(slab.bytes);
      this.#addresses.set(slab, address);
    }
    while (!slab.full) {
      const length = this.#native.read(this.#fd, address + slab.next, FRAME_BYTES);
      if (length > 0) {
        slab.add(length);
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
