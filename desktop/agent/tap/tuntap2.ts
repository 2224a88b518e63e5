/**
 * TAPs through the optional package `tuntap2`, for where FFI can't load.
 *
 * Of the package only the addon is used, which turns a descriptor into a TAP. Its streams read blockingly
 * in libuv's pool: every TAP would take one of four threads from DNS and files, and a read that is never
 * answered keeps the process from exiting. So the descriptor is opened here, non-blocking, and looked at
 * from the event loop. Node can't be woken by such a descriptor: an idle TAP is looked at every few
 * milliseconds, which costs latency and is what the other driver is for.
 */
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Fault } from "../../../shared/values/fault.ts";
import {
  checkOffloadRange,
  checkRange,
  type FrameBatch,
  HEADROOM,
  type TapDevice,
  type TapReceiver,
} from "./device.ts";
import { checkName, goneFault, NAME_PATTERN, openFault } from "./faults.ts";
import { renameLink } from "./link.ts";
import { type Slab, SlabPool } from "./slab.ts";

/** Milliseconds between two looks: growing by one for every look in vain, up to this. */
const IDLE_MS = 10;

/** "File descriptor in bad state": its interface was deleted. Not among Node's constants. */
const EBADFD = 77;

/** The package's addon: makes the descriptor a TAP of a free name `tap0`, `tap1`, … */
interface Addon {
  tuntapInit(fd: number, isTap: boolean): string;
}

export interface Tuntap2TapOptions {
  /** The name asked for; the lowest free `lw0`, `lw1`, … without one. */
  readonly name?: string | undefined;
  readonly signal: AbortSignal;
  /** The package to load the addon from. */
  readonly packageName?: string;
}

/**
 * Makes a TAP, which is down and bare: see ./link.ts.
 *
 * @throws Fault `tap.no-driver` where the package is missing, and those of linux.ts; the signal's reason
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
    // CommonJS, and not an import: the package and its types may be missing.
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
    // A fixed-size buffer of the addon's: what follows the NUL is not part of the name.
    return addon.tuntapInit(fd, true).replace(/\0.*$/s, "");
  } catch (error) {
    throw openFault((error as NodeJS.ErrnoException).code ?? "", name, error);
  }
}

/** The name of a TAP's interface, from the kernel's own account of the descriptor. */
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
  readonly headroom = HEADROOM;
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

  /** Has {@link #read} called soon: next time round while frames come, later the longer none did. */
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
    // Before the batch is handed over, so that an exception of the receiver's doesn't end the reading.
    if (error === undefined) this.#look();
    if (batch !== undefined) this.#receiver?.frames(batch);
    if (error !== undefined) this.#fail(error);
  }

  /** Reads what there is. Returns the error that ended it, if it was any other than an empty queue. */
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
