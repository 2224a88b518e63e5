import { readUint16 } from "../../frame/bytes.ts";
import { VLAN_TAG_BYTES } from "../../frame/ethernet.ts";
import type { DropReason } from "../drops.ts";
import { type FrameView, LLC, UNREADABLE } from "../frame-view.ts";

/** An EtherType, or frames that have a length instead of one. */
export type FrameType = number | "llc";

/** Which types a network lets pass: those listed, all but those listed, or, undefined, all. */
export type EtherTypeRule =
  | { readonly mode: "allow" | "deny"; readonly types: readonly FrameType[] }
  | undefined;

/** Where the first type field is, or the first tag. */
const TYPE_OFFSET = 12;

/**
 * Lets frames pass by what they carry. What counts is the type behind all tags, so allowing IPv4 allows it in any
 * VLAN. A list of what is denied is held against the tags too, so 0x8100 in it denies whatever is tagged, and
 * against the type in an LLC/SNAP header, so that it is not got around by one. A frame that ends before its type does
 * not pass where there is a list.
 */
export class EtherTypeFilter {
  readonly #mode: "allow" | "deny" | undefined;
  readonly #types: ReadonlySet<number>;

  constructor(rule: EtherTypeRule) {
    this.#mode = rule?.mode;
    this.#types = new Set(rule?.types.map((type) => (type === "llc" ? LLC : type)));
  }

  /** @returns why the frame must not go on, if so */
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
