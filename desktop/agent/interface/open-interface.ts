import { type NameServers, reachableServers, tellResolved } from "../network/resolved.ts";
import type { TapDevice } from "../tap/device.ts";
import { configureLink, type LinkOptions } from "../tap/link.ts";
import { openTap } from "../tap/open.ts";

export interface InterfaceOptions extends Omit<LinkOptions, "name" | "txqueuelen"> {
  /** The name asked for; by default the lowest free `lw0`, `lw1`, … */
  readonly name?: string | undefined;
  readonly offload: boolean;
  /** The network's name servers, for systemd-resolved. */
  readonly names?: NameServers | undefined;
  /** Called with the device while it is down and not configured. */
  readonly made?: (tap: TapDevice) => Promise<void>;
  /** Called with news for the user. */
  readonly inform?: (message: string) => void;
}

/**
 * Frames, of any size, that the kernel queues for this process; it drops the rest. With fewer, bursts of small frames
 * are lost between two turns of the event loop. With more, frames wait longer than in the tunnel: behind a 200 Mbit/s
 * uplink full of UDP, a ping took 46 ms with 500, 22 with 128 and 16 with 64.
 */
const TXQUEUELEN = 128;

/**
 * Without offload a TCP burst is about 40 times as many frames: a transfer had 25,000 retransmits in 3 s with 128, and
 * 2,500 with this.
 */
const TXQUEUELEN_PLAIN = 500;

/** Returns the number of frames that the kernel queues for a TAP. */
export function queueOf({ offload }: TapDevice): number {
  return offload ? TXQUEUELEN : TXQUEUELEN_PLAIN;
}

/**
 * Creates a TAP, configures it and brings it up.
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

/** Skips servers that an interface without an address of their IP version can't reach. */
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
