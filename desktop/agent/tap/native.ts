/**
 * The C functions of the Linux driver: three of the C library, and libuv's poll, which the running program exports.
 * libuv's callbacks arrive on the main thread like Node's own, without another thread or a compiled addon.
 */
import { loadPoll, type Watch, type WatchDescriptor } from "../../../system/poll.ts";

export type { Watch };

export interface Native {
  /** ioctl(2) with a pointer to `argument`. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** ioctl(2) with `argument` itself. */
  ioctlValue(fd: number, request: number, argument: number): number;
  /** read(2): bytes read, or -1 and {@link errno}. */
  read(fd: number, address: number, length: number): number;
  /** write(2): bytes written, or -1 and {@link errno}. */
  write(fd: number, address: number, length: number): number;
  /** The errno of the last of these calls. */
  errno(): number;
  /** Returns the address of `bytes`, valid as long as the caller references `bytes`. */
  address(bytes: Uint8Array): number;
  /** Watches `fd`; it starts stopped. */
  readonly watch: WatchDescriptor;
}

/**
 * Loads koffi and looks up the functions.
 *
 * @throws Error if this runtime can't: no build of koffi for it, no libuv in it, or not its main thread
 */
export async function loadNative(): Promise<Native> {
  const { default: koffi } = await import("koffi");
  const program = koffi.load(null);

  // Addresses are declared as integers: with a pointer type koffi would inspect every argument.
  const read: Native["read"] = program.func("read", "intptr_t", ["int", "uintptr_t", "size_t"]);
  const write: Native["write"] = program.func("write", "intptr_t", ["int", "uintptr_t", "size_t"]);
  const ioctl: Native["ioctl"] = program.func("ioctl", "int", ["int", "ulong", "void *"]);
  const ioctlValue: Native["ioctlValue"] = program.func("ioctl", "int", ["int", "ulong", "ulong"]);

  const watch = await loadPoll();

  return {
    ioctl,
    ioctlValue,
    read,
    write,
    watch,
    errno: () => koffi.errno(),
    address: (bytes) => Number(koffi.address(bytes)),
  };
}
