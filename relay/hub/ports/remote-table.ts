import { parseAddress } from "../../../shared/frame/address.ts";
import { isMulticast } from "../../../shared/frame/host-port.ts";
import type { Remote } from "../../underlay/underlay.ts";
import { PORT_LIMITS } from "./limits.ts";

export interface RemoteTableOptions {
  /** Those that were configured: whatever has no known place is sent to each of them. */
  readonly remotes: readonly Remote[];
  /** Where whatever has no known place is sent instead, if there is a group. */
  readonly group?: Remote | undefined;
  /** Whether others may be learnt from what they send: they get what is for the machines behind them. */
  readonly learnUnknown: boolean;
  /** Whether those who were learnt also get what has no known place. */
  readonly floodLearnt?: boolean | undefined;
  /** Makes a remote of an outer source. */
  readonly toRemote: (address: string) => Remote;
}

/**
 * Who is at the other ends of a port, and which inner addresses are behind whom: what a VTEP learns of inner source
 * against outer source (RFC 7348 section 4.1). The segment's table says which addresses are behind the port at all;
 * here is which of its remotes that is.
 *
 * An outer source is an assertion: anyone on the underlay can write one. So a remote that was only heard is sent what is for
 * the machines behind it and nothing else, as RFC 7348 has it (section 4.2: the rest goes to the group). Otherwise one forged
 * packet for each address would make us send every broadcast to {@link PORT_LIMITS.learntRemotes} addresses that never asked.
 */
export class RemoteTable {
  readonly #static = new Map<string, Remote>();
  readonly #learnt = new Map<string, Remote>();
  readonly #places = new Map<number, Remote>();
  readonly #learnUnknown: boolean;
  readonly #floodLearnt: boolean;
  readonly #toRemote: (address: string) => Remote;
  /** The group, or the remotes that were configured. */
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

  /** Whether packets from this outer source may come in. */
  admits(source: string): boolean {
    return this.#learnUnknown || this.#static.has(source);
  }

  /** Where an inner address was last heard from; undefined where it never was. */
  placeOf(mac: number): Remote | undefined {
    return this.#places.get(mac);
  }

  /** Who has to get what has no known place: {@link PORT_LIMITS.remotes} at most. */
  get everyone(): readonly Remote[] {
    return this.#everyone;
  }

  /** Every remote that was configured or learnt. */
  get remotes(): readonly Remote[] {
    return [...this.#static.values(), ...this.#learnt.values()];
  }

  /** The addresses with their places. */
  places(): IterableIterator<[mac: number, remote: Remote]> {
    return this.#places.entries();
  }

  /**
   * Notes that an inner address, which the segment has learnt at this port, is behind an outer one. The segment bounds
   * how many there are.
   */
  learn(mac: number, source: string): void {
    const remote = this.#static.get(source) ?? this.#learnt.get(source) ?? this.#newRemote(source);
    if (remote !== undefined) this.#places.set(mac, remote);
  }

  /** Forgets inner addresses that are not behind the port any more, and remotes without any. */
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

/** Whether an outer source can be a machine's: what is sent to a group or a broadcast address reaches many. */
function isMachine(source: string): boolean {
  // The zone of a link-local address is this machine's own.
  const address = parseAddress(source.split("%", 1)[0] ?? "");
  if (address === undefined || isMulticast(address)) return false;
  return address !== 0 && address !== 0n && address !== 0xffff_ffff;
}
