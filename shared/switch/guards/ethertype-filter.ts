import { readUint16 } from "../../frame/bytes.ts";
import { VLAN_TAG_BYTES } from "../../frame/ethernet.ts";
import type { DropReason } from "../drops.ts";
import { type FrameView, LLC, UNREADABLE } from "../policy/frame-view.ts";

/** An EtherType, or `llc` for frames with a length in its place. */
export type FrameType = number | "llc";

/** The types that a network forwards: the listed ones, all others, or all if undefined. */
export type EtherTypeRule =
  | { readonly mode: "allow" | "deny"; readonly types: readonly FrameType[] }
  | undefined;

/** Offset of the type field, or of the first tag. */
const TYPE_OFFSET = 12;

/**
 * Filters frames by their type. The type behind all tags counts, so allowing IPv4 allows it in any VLAN. A list of denied
 * types also applies to the tags, so 0x8100 denies all tagged frames, and to the type in an LLC/SNAP header, which would
 * get around the list otherwise. A frame that ends before its type does not pass a list.
 */
export class EtherTypeFilter {
  readonly #mode: "allow" | "deny" | undefined;
  readonly #types: ReadonlySet<number>;

  constructor(rule: EtherTypeRule) {
    this.#mode = rule?.mode;
    this.#types = new Set(rule?.types.map((type) => (type === "llc" ? LLC : type)));
  }

  /** Returns why a frame must not go on, or undefined if it may. */
  check(view: FrameView): DropReason | undefined {
    if (this.#mode === undefined) return undefined;
    if (view.type === UNREADABLE) return "ethertype";
    const passes = this.#mode === "allow" ? this.#types.has(view.type) : !this.#isDenied(view);
    return passes ? undefined : "ethertype";
  }

  #isDenied({ bytes, frame, typeOffset, type, etherType }: FrameView): boolean {
    if (this.#types.has(type) || this.#types.has(etherType)) return true;
    for (let tag = frame + TYPE_OFFSET; tag < typeOffset; tag += VLAN_TAG_BYTES) {
      if (this.#types.has(readUint16(bytes, tag))) return true;
    }
    return false;
  }
}
