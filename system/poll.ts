/**
 * libuv's poll on a file descriptor, which the Node program exports. libuv calls back on the main thread, as for Node's
 * own events, without an extra thread or a compiled addon.
 */
import { isMainThread } from "node:worker_threads";

/** A pointer of the machine's size; koffi gives these as bigint. */
type Pointer = bigint;

/** UV_POLL of `uv_handle_type` and UV_READABLE of `uv_poll_event`, both part of libuv's stable ABI. */
const UV_POLL = 8;
const UV_READABLE = 1;

/** A `uv_poll_t`. It keeps the process alive while it is started. */
export interface Watch {
  /** Calls `ready` whenever the descriptor is readable: with 0, or with an error as a negative errno. */
  start(): void;
  stop(): void;
  /**
   * Stops watching and resolves once libuv has released the descriptor. Does not close the descriptor. Call it once.
   */
  close(): Promise<void>;
}

/** Creates a watch for `fd`, stopped at first. `ready` receives 0, or an error as a negative errno. */
export type WatchDescriptor = (fd: number, ready: (status: number) => void) => Watch;

/**
 * Loads koffi and finds libuv's functions.
 *
 * @throws Error if this runtime has no build of koffi, no libuv, or is not on its main thread
 */
export async function loadPoll(): Promise<WatchDescriptor> {
  // libuv's default loop belongs to the main thread, and no other thread may touch it.
  if (!isMainThread) throw new Error("descriptors are watched on the main thread only");
  const { default: koffi } = await import("koffi");
  const program = koffi.load(null);

  const onReady = koffi.pointer(koffi.proto("void", ["void *", "int", "int"]));
  const onClosed = koffi.pointer(koffi.proto("void", ["void *"]));
  const defaultLoop: () => Pointer = program.func("uv_default_loop", "void *", []);
  const handleSize: (type: number) => number = program.func("uv_handle_size", "size_t", ["int"]);
  const pollInit: (loop: Pointer, handle: Pointer, fd: number) => number = program.func(
    "uv_poll_init",
    "int",
    ["void *", "void *", "int"],
  );
  const pollStart: (handle: Pointer, events: number, callback: Pointer) => number = program.func(
    "uv_poll_start",
    "int",
    ["void *", "int", onReady],
  );
  const pollStop: (handle: Pointer) => number = program.func("uv_poll_stop", "int", ["void *"]);
  const close: (handle: Pointer, callback: Pointer) => void = program.func("uv_close", "void", [
    "void *",
    onClosed,
  ]);

  return function watch(fd: number, ready: (status: number) => void): Watch {
    // Allocated outside the garbage collector's heap because libuv keeps this address until its close callback.
    const handle: Pointer = koffi.alloc("uint8_t", handleSize(UV_POLL));
    const initialised = pollInit(defaultLoop(), handle, fd);
    if (initialised < 0) {
      koffi.free(handle);
      throw new Error(`uv_poll_init failed (${initialised})`);
    }
    const callback = koffi.register((_handle: Pointer, status: number) => {
      try {
        ready(status);
      } catch (error) {
        // An exception must not unwind libuv's frames: in a test it left the event loop dead.
        process.nextTick(() => {
          throw error;
        });
      }
    }, onReady);
    return {
      start() {
        const started = pollStart(handle, UV_READABLE, callback);
        if (started < 0) throw new Error(`uv_poll_start failed (${started})`);
      },
      stop() {
        pollStop(handle);
      },
      close() {
        return new Promise((resolve) => {
          const closed = koffi.register(() => {
            // Deferred because a callback must not be freed while it runs.
            setImmediate(() => {
              koffi.unregister(callback);
              koffi.unregister(closed);
              koffi.free(handle);
              resolve();
            });
          }, onClosed);
          pollStop(handle);
          close(handle, closed);
        });
      },
    };
  };
}
