import { readUint16 } from "../../frame/bytes.ts";
import { ETHERTYPE_SERVICE_VLAN, VLAN_TAG_BYTES, type VlanTag } from "../../frame/ethernet.ts";
import type { FrameView } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import { type DomainOptions, MulticastDomain } from "./domain.ts";
import {
  MAX_DOMAINS,
  MAX_DOMAINS_PER_PORT,
  MEMBERSHIP_INTERVAL,
  QUERIES_PER_TICK,
  UNITS_PER_DOMAIN,
} from "./timers.ts";

/** Greatest number of tags that are followed: Q-in-Q. */
const MAX_TAGS = 2;
const TPID_OFFSET = 12;
const VLAN_ID = 0x0fff;
/** Bits of a tag in a key: the VLAN id, and one for the TPID. */
const KEY_BITS = 13;

/**
 * The domains of a segment: one for untagged frames, and one for each VLAN inside with reports or queries, while anything
 * is known there.
 */
export class VlanDomains {
  readonly untagged: MulticastDomain;
  readonly #options: DomainOptions;
  readonly #tagged = new Map<number, MulticastDomain>();
  /** Until when it counts as full, because there was no room for a domain. */
  #fullUntil = 0;

  constructor(options: DomainOptions, now: number) {
    this.#options = options;
    this.untagged = new MulticastDomain(options, [], undefined, now);
  }

  /** Returns whether there is no room for more domains, or was none a while ago. */
  isFull(now: number): boolean {
    return this.#tagged.size >= MAX_DOMAINS || now < this.#fullUntil;
  }

  /** The domains of tagged frames, oldest first. */
  get tagged(): Iterable<MulticastDomain> {
    return this.#tagged.values();
  }

  /** Returns whether a frame has no more tags than are followed. */
  isFollowed({ tags }: FrameView): boolean {
    return tags <= MAX_TAGS;
  }

  /** Returns the domain of a frame that {@link isFollowed}, or undefined if nothing is known there. Allocates nothing. */
  find(view: FrameView): MulticastDomain | undefined {
    if (view.tags === 0) return this.untagged;
    const key = keyOf(view);
    return key === 0 ? this.untagged : this.#tagged.get(key);
  }

  /** Returns the same, and creates it on behalf of `from` if it is missing; undefined if there is no room. */
  bringUp(from: Port, view: FrameView, now: number): MulticastDomain | undefined {
    const known = this.find(view);
    if (known !== undefined) return known;
    if (this.#tagged.size >= MAX_DOMAINS || this.#createdBy(from) >= MAX_DOMAINS_PER_PORT) return undefined;
    const { room } = this.#options;
    const domain = new MulticastDomain(this.#options, tagsOf(view), from, now);
    // The domain has a share of its own, because it outlives the port that created it.
    if (!room.shares.take(domain, UNITS_PER_DOMAIN)) {
      this.#fullUntil = now + MEMBERSHIP_INTERVAL;
      room.full(from, now);
      return undefined;
    }
    this.#tagged.set(keyOf(view), domain);
    return domain;
  }

  tick(now: number): void {
    this.untagged.tick(now);
    let queries = QUERIES_PER_TICK;
    const mayAsk = () => queries-- > 0;
    for (const [key, domain] of this.#tagged) {
      domain.tick(now, mayAsk);
      if (!domain.isIdle(now)) continue;
      this.#tagged.delete(key);
      this.#options.room.shares.give(domain, UNITS_PER_DOMAIN);
    }
  }

  detach(port: Port): void {
    for (const domain of this) domain.detach(port);
  }

  *[Symbol.iterator](): Generator<MulticastDomain> {
    yield this.untagged;
    yield* this.#tagged.values();
  }

  #createdBy(port: Port): number {
    let count = 0;
    for (const domain of this.#tagged.values()) if (domain.creator === port) count++;
    return count;
  }
}

/** Returns a number for a stack of tags: 0 for none, or for priority tags alone, which are in no VLAN. */
function keyOf({ bytes, frame, typeOffset }: FrameView): number {
  let key = 0;
  for (let offset = frame + TPID_OFFSET; offset < typeOffset; offset += VLAN_TAG_BYTES) {
    const vlan = readUint16(bytes, offset + 2) & VLAN_ID;
    const kind = readUint16(bytes, offset) === ETHERTYPE_SERVICE_VLAN ? VLAN_ID + 1 : 0;
    if (vlan !== 0) key = (key << KEY_BITS) | kind | vlan;
  }
  return key;
}

function tagsOf({ bytes, frame, typeOffset }: FrameView): VlanTag[] {
  const tags: VlanTag[] = [];
  for (let offset = frame + TPID_OFFSET; offset < typeOffset; offset += VLAN_TAG_BYTES) {
    const vlan = readUint16(bytes, offset + 2) & VLAN_ID;
    if (vlan !== 0) tags.push({ tpid: readUint16(bytes, offset), priority: 0, dropEligible: false, vlan });
  }
  return tags;
}
