import type { Member } from "../../../shared/tunnel/control.ts";
import type { Peer } from "../../rpc/shapes.ts";

/** Members that are away which are remembered, so that they can be woken. */
const REMEMBERED = 256;

interface Entry {
  readonly member: Member;
  online: boolean;
  latencyMs: number | null;
  /** When it was last known to be online, milliseconds since 1970. */
  seenAt: number;
}

/** The other members of a network, also those that went, as far as the relay has told. */
export class PeerTable {
  readonly #entries = new Map<string, Entry>();
  readonly #changed: (peer: Peer) => void;

  /** @param changed told of every member that came, went or changed */
  constructor(changed: (peer: Peer) => void) {
    this.#changed = changed;
  }

  /** How many are online. */
  get online(): number {
    let count = 0;
    for (const { online } of this.#entries.values()) if (online) count++;
    return count;
  }

  get peers(): Peer[] {
    return [...this.#entries.values()].map(toPeer);
  }

  find(vtep: string): Peer | undefined {
    const entry = this.#entries.get(vtep);
    return entry && toPeer(entry);
  }

  /** The relay told who is there: all of them. */
  replace(members: readonly Member[]): void {
    const there = new Set(members.map(({ vtep }) => vtep));
    for (const [vtep, { online }] of this.#entries) if (online && !there.has(vtep)) this.#left(vtep);
    for (const member of members) this.#entered(member);
  }

  /** The relay told of one. */
  update(event: "joined" | "changed" | "left", member: Member): void {
    if (event === "left") this.#left(member.vtep);
    else this.#entered(member);
  }

  /** Nothing is known of who is there any more. */
  lost(): void {
    for (const [vtep, { online }] of this.#entries) if (online) this.#left(vtep);
  }

  /** @param milliseconds null where it did not answer */
  measured(vtep: string, milliseconds: number | null): void {
    const entry = this.#entries.get(vtep);
    if (entry?.online !== true || entry.latencyMs === milliseconds) return;
    entry.latencyMs = milliseconds;
    this.#changed(toPeer(entry));
  }

  #entered(member: Member): void {
    const before = this.#entries.get(member.vtep);
    // A member that comes again is a new VTEP: what it was is not there beside it.
    for (const [vtep, one] of this.#entries) {
      if (!one.online && vtep !== member.vtep && isSame(one.member, member)) this.#entries.delete(vtep);
    }
    const latencyMs = before?.latencyMs ?? null;
    const entry = { member, online: true, latencyMs, seenAt: Date.now() };
    this.#entries.set(member.vtep, entry);
    this.#changed(toPeer(entry));
  }

  #left(vtep: string): void {
    const entry = this.#entries.get(vtep);
    if (entry === undefined) return;
    this.#entries.delete(vtep);
    const gone = { ...entry, online: false, latencyMs: null, seenAt: Date.now() };
    // Behind those that went before it: the first are forgotten first.
    this.#entries.set(vtep, gone);
    this.#changed(toPeer(gone));
    const away = [...this.#entries].filter(([, { online }]) => !online);
    for (const [oldest] of away.slice(0, Math.max(0, away.length - REMEMBERED))) this.#entries.delete(oldest);
  }
}

function isSame(one: Member, other: Member): boolean {
  if (one.name !== other.name) return false;
  const macs = new Set(one.endpoints.map(({ mac }) => mac));
  return other.endpoints.length === 0 || macs.size === 0 || other.endpoints.some(({ mac }) => macs.has(mac));
}

function toPeer({ member, online, latencyMs, seenAt }: Entry): Peer {
  const { vtep, name, endpoints } = member;
  return {
    vtep,
    name,
    online,
    macs: endpoints.map(({ mac }) => mac),
    addresses: endpoints.flatMap(({ addresses = [] }) => addresses),
    latency_ms: latencyMs,
    path: "relayed",
    rx_bytes: null,
    tx_bytes: null,
    last_seen: online ? null : new Date(seenAt).toISOString(),
  };
}
