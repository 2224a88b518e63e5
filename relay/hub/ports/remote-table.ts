import type { Remote } from "../../underlay/underlay.ts";
import { PORT_LIMITS } from "./limits.ts";

export interface RemoteTableOptions {
  /** Those that were configured: whatever has no known place is sent to each of them. */
  readonly remotes: readonly Remote[];
  /** Where whatever has no known place is sent instead, if there is a group. */
  readonly group?: Remote | undefined;
  /** Whether others may be learnt from what they send. */
  readonly learnUnknown: boolean;
  /** Makes a remote of an outer source. */
  readonly toRemote: (address: string) => Remote;
}

/**
 * Who is at the other ends of a port, and which inner addresses are behind whom: what a VTEP learns of inner source
 * against outer source (RFC 7348 section 4.1). The segment's table says which addresses are behind the port at all;
 * here is which of its remotes that is.
 */
export class RemoteTable {
  readonly #static = new Map<string, Remote>();
  readonly #learnt = new Map<string, Remote>();
  readonly #places = new Map<number, Remote>();
  readonly #group: readonly Remote[] | undefined;
  readonly #learnUnknown: boolean;
  readonly #toRemote: (address: string) => Remote;
  #everyone: readonly Remote[];

  constructor({ remotes, group, learnUnknown, toRemote }: RemoteTableOptions) {
    for (const remote of remotes) this.#static.set(remote.address, remote);
    this.#group = group === undefined ? undefined : [group];
    this.#learnUnknown = learnUnknown;
    this.#toRemote = toRemote;
    this.#everyone = [...this.#static.values()];
  }

  /** Whether packets from this outer source may come in. */
  admits(source: string): boolean {
    return this.#learnUnknown || this.#static.has(source);
  }

  /** Where an inner address was last heard from; undefined where it never was. */
  placeOf(mac: number): Remote | undefined {
    return this.#places.get(mac);
  }

  /** Who has to get what has no known place. */
  get everyone(): readonly Remote[] {
    return this.#group ?? this.#everyone;
  }

  /** Every remote that was configured or learnt. */
  get remotes(): readonly Remote[] {
    return this.#everyone;
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
    if (this.#learnt.size >= PORT_LIMITS.learntRemotes) return undefined;
    const remote = this.#toRemote(source);
    this.#learnt.set(source, remote);
    this.#count();
    return remote;
  }

  #count(): void {
    this.#everyone = [...this.#static.values(), ...this.#learnt.values()];
  }
}
