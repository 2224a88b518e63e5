import { type NameServers, reachableServers, tellResolved } from "../network/resolved.ts";
import type { TapDevice } from "../tap/device.ts";
import { configureLink, type LinkOptions } from "../tap/link.ts";
import { openTap } from "../tap/open.ts";

export interface InterfaceOptions extends Omit<LinkOptions, "name" | "txqueuelen"> {
  /** The name asked for; the lowest free `lw0`, `lw1`, … without one. */
  readonly name?: string | undefined;
  readonly offload: boolean;
  /** Who knows the names there; told to systemd-resolved. */
  readonly names?: NameServers | undefined;
  /** Told of the device while it is down and bare. */
  readonly made?: (tap: TapDevice) => Promise<void>;
  /** Told what people should know. */
  readonly inform?: (message: string) => void;
}

/**
 * Frames that the kernel holds back for us, whatever their size: what does not fit is dropped there. With fewer, bursts of
 * small frames are lost between two turns of the event loop; with more, frames wait for longer than the tunnel has them
 * wait: behind an uplink of 200 Mbit/s that UDP fills, a ping took 46 ms with 500, 22 with 128 and 16 with 64.
 */
const TXQUEUELEN = 128;

/** Without offload a burst of TCP's is some 40 times as many frames: with 128 a transfer had 25,000 retransmits in 3 s, so 2,500. */
const TXQUEUELEN_PLAIN = 500;

/** Returns the frames that the kernel is to hold back for a TAP. */
export function queueOf({ offload }: TapDevice): number {
  return offload ? TXQUEUELEN : TXQUEUELEN_PLAIN;
}

/**
 * Makes a TAP, sets it up and brings it up.
 *
 * @throws Fault those of {@link openTap} and {@link configureLink}; the signal's reason
 */
export async function openInterface(options: InterfaceOptions): Promise<TapDevice> {
  const { name, offload, names: _names, inform: _inform, made, signal, ...link } = options;
  const tap = await openTap({ signal, name, offload });
  try {
    await made?.(tap);
    await configureLink({ ...link, name: tap.name, txqueuelen: queueOf(tap), signal });
    await tellOfNames(tap.name, options);
    return tap;
  } catch (error) {
    await tap.close();
    throw error;
  }
}

/** Who can ask: nobody whose interface has no address there. */
async function tellOfNames(link: string, options: InterfaceOptions): Promise<void> {
  const { names, address, address6, inform, signal } = options;
  const addresses = [address, address6].filter((one) => one !== undefined);
  const [server] = reachableServers(names?.servers ?? [], addresses);
  if (names === undefined || server === undefined) return;
  if (await tellResolved({ ...names, link, addresses, signal })) return;
  inform?.(
    `this system has no systemd-resolved to tell of the names in ${names.domain}: ${server} knows them, as in 'dig @${server} NAME.${names.domain}'`,
  );
}
