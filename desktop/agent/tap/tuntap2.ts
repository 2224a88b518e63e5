/**
 * TAPs through the optional package `tuntap2`, for runtimes without FFI. It uses only the package's addon, which turns
 * a descriptor into a TAP. The package's streams block in libuv's pool: every TAP would take one of four threads from
 * DNS and files, and a pending read keeps the process from exiting. So this driver opens the descriptor non-blocking,
 * and polls it from the event loop every few milliseconds, because such a descriptor can't wake Node. That costs
 * latency, so the other driver is preferred.
 */
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Fault } from "../../../shared/values/fault.ts";
import {
  checkOffloadRange,
  checkRange,
  type FrameBatch,
  TAP_HEADROOM,
  type TapDevice,
  type TapReceiver,
} from "./device.ts";
import { checkName, goneFault, NAME_PATTERN, openFault } from "./faults.ts";
import { renameLink } from "./link.ts";
import { type Slab, SlabPool } from "./slab.ts";

/** Maximum milliseconds between two polls: each poll without a frame adds one. */
const IDLE_MS = 10;

/** "File descriptor in bad state": the interface was deleted. Missing in Node's constants. */
const EBADFD = 77;

/** The package's addon: turns the descriptor into a TAP with a free name `tap0`, `tap1`, … */
interface Addon {
  tuntapInit(fd: number, isTap: boolean): string;
}

export interface Tuntap2TapOptions {
  /** The name asked for; by default the lowest free `lw0`, `lw1`, … */
  readonly name?: string | undefined;
  readonly signal: AbortSignal;
  /** The package to load the addon from. */
  readonly packageName?: string;
}

/**
 * Creates a TAP, which is down and not configured: see ./link.ts.
 *
 * @throws Fault `tap.no-driver` if the package is missing, and those of linux.ts; the signal's reason
 */
export async function openTuntap2Tap(options: Tuntap2TapOptions): Promise<TapDevice> {
  const { name, signal, packageName = "tuntap2" } = options;
  if (name !== undefined) checkName(name);
  const addon = loadAddon(packageName);
  let fd: number;
  try {
    fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw openFault((error as NodeJS.ErrnoException).code ?? "", name, error);
  }
  try {
    const given = initialise(addon, fd, name);
    // The package can't ask the kernel for a name.
    await renameLink(given, name ?? NAME_PATTERN, signal).catch((error: unknown) => {
      if (error instanceof Fault && error.code === "link.name-taken") throw openFault("EEXIST", name, error);
      throw error;
    });
    return new Tuntap2Tap(fd, nameOf(fd));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function loadAddon(packageName: string): Addon {
  let cause: unknown;
  try {
    // CommonJS instead of an import, because the package and its types may be missing.
    const module: unknown = createRequire(import.meta.url)(
      `${packageName}/dist/src/ts/linux/Tuntap2Addon.js`,
    );
    const addon = field(module, "default");
    if (isAddon(addon)) return addon;
  } catch (error) {
    cause = error;
  }
  throw new Fault({
    code: "tap.no-driver",
    message: `the package ${packageName} is not installed or was not built for this system`,
    hint: "Install a C++ compiler, make and Python, then run npm ci again.",
    cause,
  });
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function isAddon(value: unknown): value is Addon {
  return typeof field(value, "tuntapInit") === "function";
}

function initialise(addon: Addon, fd: number, name: string | undefined): string {
  try {
    // A fixed-size buffer of the addon: only the part before the NUL is the name.
    return addon.tuntapInit(fd, true).replace(/\0.*$/s, "");
  } catch (error) {
    throw openFault((error as NodeJS.ErrnoException).code ?? "", name, error);
  }
}

/** Returns the name of a TAP's interface, from the kernel's information on the descriptor. */
function nameOf(fd: number): string {
  const name = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1").match(/^iff:\s*(\S+)$/m)?.[1];
  if (name === undefined) throw new Error(`descriptor ${fd} has no interface`);
  return name;
}

class Tuntap2Tap implements TapDevice {
  readonly name: string;
  /** The addon asks for no virtio-net header. */
  readonly offload = false;
  readonly udpSuperFrames = false;
  readonly headroom = TAP_HEADROOM;
  readonly #fd: number;
  readonly #pool = new SlabPool({ freed: () => this.#look() });
  #receiver: TapReceiver | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #inVain = 0;
  #failed = false;
  #closing: Promise<void> | undefined;

  constructor(fd: number, name: string) {
    this.name = name;
    this.#fd = fd;
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined) throw new Error("a TAP is started once");
    this.#receiver = receiver;
    this.#look();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    if (this.#closing !== undefined) return false;
    try {
      writeSync(this.#fd, bytes, frame, end - frame);
      return true;
    } catch (error) {
      if (errnoOf(error) === EBADFD) process.nextTick(() => this.#fail(error));
      return false;
    }
  }

  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean {
    checkOffloadRange(bytes, virtio, end);
    return false;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    closeSync(this.#fd);
  }

  /** Schedules {@link #read}: in the next turn while frames come, otherwise later and later. */
  #look(): void {
    if (this.#failed || this.#closing !== undefined || this.#receiver === undefined) return;
    if (this.#timer !== undefined || this.#immediate !== undefined || !this.#pool.available) return;
    if (this.#inVain === 0) {
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined;
        this.#read();
      });
    } else {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#read();
        },
        Math.min(this.#inVain, IDLE_MS),
      );
    }
  }

  #read(): void {
    const slab = this.#pool.take();
    if (slab === undefined) return;
    const error = this.#fill(slab);
    let batch: FrameBatch | undefined;
    if (slab.count > 0) {
      batch = this.#pool.batch(slab);
      this.#inVain = 0;
    } else {
      this.#pool.giveBack(slab);
      this.#inVain++;
    }
    // Before the batch is delivered, so that an exception of the receiver does not end the reading.
    if (error === undefined) this.#look();
    if (batch !== undefined) this.#receiver?.frames(batch);
    if (error !== undefined) this.#fail(error);
  }

  /** Reads available frames. Returns the error that ended it, unless the queue was empty. */
  #fill(slab: Slab): unknown {
    try {
      while (!slab.isFull) slab.add(readSync(this.#fd, slab.bytes, slab.next, FRAME_BYTES, null));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return error;
    }
    return undefined;
  }

  #fail(cause: unknown): void {
    if (this.#failed || this.#closing !== undefined || this.#receiver === undefined) return;
    this.#failed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#receiver.failed(goneFault(this.name, cause));
  }
}

function errnoOf(error: unknown): number {
  return -((error as NodeJS.ErrnoException).errno ?? 0);
}
