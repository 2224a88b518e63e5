import { parseAddress } from "../../../shared/frame/address.ts";
import { isMulticast } from "../../../shared/frame/host-port.ts";
import type { Remote } from "../../underlay/underlay.ts";
import { PORT_LIMITS } from "./limits.ts";

export interface RemoteTableOptions {
  /** Configured remotes, each of which gets frames without a known destination. */
  readonly remotes: readonly Remote[];
  /** The group that gets frames without a known destination instead, if any. */
  readonly group?: Remote | undefined;
  /** Whether to learn other remotes from their packets. They get only frames for the hosts behind them. */
  readonly learnUnknown: boolean;
  /** Whether learnt remotes also get frames without a known destination. */
  readonly floodLearnt?: boolean | undefined;
  /** Makes a remote of an outer source. */
  readonly toRemote: (address: string) => Remote;
}

/**
 * The remotes of a port, and the inner addresses behind each: a VTEP's mapping of inner source to outer source (RFC
 * 7348 section 4.1). The segment's table says which addresses are behind the port; this table says behind which remote.
 *
 * An outer source proves nothing, because any machine on the underlay can forge one. So a learnt remote only gets
 * frames for the hosts behind it, as in RFC 7348 (section 4.2: the rest goes to the group). Otherwise one forged packet
 * per address would make us send every broadcast to {@link PORT_LIMITS.learntRemotes} addresses that never asked for
 * it.
 */
export class RemoteTable {
  readonly #static = new Map<string, Remote>();
  readonly #learnt = new Map<string, Remote>();
  readonly #places = new Map<number, Remote>();
  readonly #learnUnknown: boolean;
  readonly #floodLearnt: boolean;
  readonly #toRemote: (address: string) => Remote;
  /** The group, or the configured remotes. */
  readonly named: readonly Remote[];
  #everyone: readonly Remote[];

  constructor({ remotes, group, learnUnknown, floodLearnt = false, toRemote }: RemoteTableOptions) {
    for (const remote of remotes) this.#static.set(remote.address, remote);
    this.#learnUnknown = learnUnknown;
    this.#floodLearnt = floodLearnt && group === undefined;
    this.#toRemote = toRemote;
    this.named = group === undefined ? [...this.#static.values()] : [group];
    this.#everyone = this.named;
  }

  /** Returns whether packets from this outer source may come in. */
  admits(source: string): boolean {
    return this.#learnUnknown || this.#static.has(source);
  }

  /** Returns the remote where an inner address was last heard; undefined if it never was. */
  placeOf(mac: number): Remote | undefined {
    return this.#places.get(mac);
  }

  /** The remotes that get frames without a known destination: at most {@link PORT_LIMITS.remotes}. */
  get everyone(): readonly Remote[] {
    return this.#everyone;
  }

  /** All configured and learnt remotes. */
  get remotes(): readonly Remote[] {
    return [...this.#static.values(), ...this.#learnt.values()];
  }

  /** Returns the inner addresses with their remotes. */
  places(): IterableIterator<[mac: number, remote: Remote]> {
    return this.#places.entries();
  }

  /**
   * Notes that an inner address, which the segment has learnt at this port, is behind an outer one. The segment bounds
   * their number.
   */
  learn(mac: number, source: string): void {
    const remote = this.#static.get(source) ?? this.#learnt.get(source) ?? this.#newRemote(source);
    if (remote !== undefined) this.#places.set(mac, remote);
  }

  /** Forgets inner addresses that are no longer behind the port, and remotes without any. */
  sweep(isHere: (mac: number) => boolean): void {
    const used = new Set<Remote>();
    for (const [mac, remote] of this.#places) {
      if (isHere(mac)) used.add(remote);
      else this.#places.delete(mac);
    }
    for (const [source, remote] of this.#learnt) if (!used.has(remote)) this.#learnt.delete(source);
    this.#count();
  }

  #newRemote(source: string): Remote | undefined {
    if (this.#learnt.size >= PORT_LIMITS.learntRemotes || !isMachine(source)) return undefined;
    const remote = this.#toRemote(source);
    this.#learnt.set(source, remote);
    this.#count();
    return remote;
  }

  #count(): void {
    if (this.#floodLearnt) this.#everyone = this.remotes.slice(0, PORT_LIMITS.remotes);
  }
}

/** Returns whether an outer source can be a single machine: a group or broadcast address would reach many. */
function isMachine(source: string): boolean {
  // The zone of a link-local address is local to this machine.
  const address = parseAddress(source.split("%", 1)[0] ?? "");
  if (address === undefined || isMulticast(address)) return false;
  return address !== 0 && address !== 0n && address !== 0xffff_ffff;
}
