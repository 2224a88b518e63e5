/** Chooses the driver for TAPs. */
import { platform } from "node:os";
import { Fault } from "../../../shared/values/fault.ts";
import type { TapDevice } from "./device.ts";
import { unsupportedFault } from "./faults.ts";
import { openLinuxTap } from "./linux.ts";
import { loadNative, type Native } from "./native.ts";
import { openTuntap2Tap } from "./tuntap2.ts";

export type TapDriver = "koffi" | "tuntap2";

export interface OpenTapOptions {
  /** The name asked for; by default the lowest free `lw0`, `lw1`, … */
  readonly name?: string | undefined;
  /** The only driver to try; by default `koffi`, then `tuntap2` if this runtime has no FFI. */
  readonly driver?: TapDriver | undefined;
  /** Whether to use offload if driver and kernel have it; true by default; see {@link TapDevice.offload}. */
  readonly offload?: boolean | undefined;
  readonly signal: AbortSignal;
  /** The system; {@link platform}'s by default. */
  readonly system?: NodeJS.Platform;
  /** Loads the kernel interface; {@link loadNative} by default. */
  readonly load?: () => Promise<Native>;
}

/**
 * Creates a TAP, which is down and not configured: see ./link.ts.
 *
 * @throws Fault `tap.unsupported-platform`, `tap.no-ffi`, `tap.no-driver`, `tap.name-invalid`,
 * `tap.no-device`, `tap.no-permission`, `tap.name-taken`, `tap.refused`; the signal's reason
 */
export async function openTap(options: OpenTapOptions): Promise<TapDevice> {
  const { name, driver, offload, signal, system = platform(), load = loadNative } = options;
  signal.throwIfAborted();
  if (system !== "linux") throw unsupportedFault(system);
  if (driver === "tuntap2") return await openTuntap2Tap({ name, signal });
  let native: Native;
  try {
    native = await load();
  } catch (cause) {
    // Only a missing FFI has an alternative: the kernel refuses both drivers alike.
    if (driver === "koffi") throw noFfi(cause);
    return await openTuntap2Tap({ name, signal });
  }
  return openLinuxTap(native, { name, offload });
}

function noFfi(cause: unknown): Fault {
  return new Fault({
    code: "tap.no-ffi",
    message: "the package koffi can't be loaded in this runtime",
    hint: "Run npm ci again on this machine, or leave the choice of the driver open.",
    cause,
  });
}
