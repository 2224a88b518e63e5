/**
 * libuv's own poll on a file descriptor, which the program running us exports. A callback from libuv arrives on the
 * main thread like any of Node's, with no thread in between and no compiled addon.
 */
import { isMainThread } from "node:worker_threads";

/** A pointer the size of the machine's; koffi gives these as bigint. */
type Pointer = bigint;

/** UV_POLL of `uv_handle_type` and UV_READABLE of `uv_poll_event`, both part of libuv's stable ABI. */
const UV_POLL = 8;
const UV_READABLE = 1;

/** A `uv_poll_t`. While started it keeps the process alive. */
export interface Watch {
  /** Has `ready` called whenever the descriptor can be read: 0, or an error as a negative errno. */
  start(): void;
  stop(): void;
  /** Resolves once libuv has let go of the descriptor, which is not closed. Called once. */
  close(): Promise<void>;
}

/** Watches `fd`, stopped at first: `ready` is told 0, or an error as a negative errno. */
export type WatchDescriptor = (fd: number, ready: (status: number) => void) => Watch;

/**
 * Loads koffi and looks libuv's functions up.
 *
 * @throws Error where this runtime can't: no build of koffi for it, no libuv in it, or not its main thread
 */
export async function loadPoll(): Promise<WatchDescriptor> {
  // libuv's default loop is the main thread's, and a loop is not to be touched from another.
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
    // Outside the collector's reach: libuv holds this address until its close callback.
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
        // An exception must not unwind libuv's frames: it left the event loop dead in a trial.
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
            // Not from within the callback that is to be freed.
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
