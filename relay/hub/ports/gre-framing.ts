import { writeUint16 } from "../../../shared/frame/bytes.ts";
import { addBytes } from "../../../shared/frame/checksum.ts";
import { encodeGre, GRE_HEADER_BYTES, type Gre, greHeaderBytes } from "../../../shared/frame/gre.ts";

/** Sequence numbers this much behind are late; further behind, the other end has begun anew. */
const REORDER_WINDOW = 1024;

export interface GreOptions {
  readonly key: number | undefined;
  readonly checksum: boolean;
  readonly sequence: boolean;
}

/** A port's end of a GRE tunnel to one other end. */
export interface GreTunnel {
  readonly remote: string;
  readonly key: number | undefined;
  /** Takes a packet from the remote with this tunnel's key. */
  receivePacket(bytes: Uint8Array, gre: Gre, source: string): void;
}

/** The headers of a GRE tunnel to one other end (RFC 2784, RFC 2890), and the order of what comes from there. */
export class GreFraming {
  readonly bytes: number;
  readonly #options: GreOptions;
  /** By protocol type, where they are all the same. */
  readonly #fixed: Map<number, Uint8Array> | undefined;
  #sequence = 0;
  #seen: number | undefined;

  constructor(options: GreOptions) {
    const { checksum: checksummed, key, sequence } = options;
    this.#options = options;
    this.bytes = greHeaderBytes({ checksummed, key, sequence: sequence ? 0 : undefined });
    this.#fixed = checksummed || sequence ? undefined : new Map();
  }

  /** The header for a payload of a protocol type, `bytes[start, end)`. */
  header(protocol: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
    const fixed = this.#fixed?.get(protocol);
    if (fixed !== undefined) return fixed;
    const { checksum: checksummed, key, sequence: sequenced } = this.#options;
    const sequence = sequenced ? this.#sequence : undefined;
    if (sequenced) this.#sequence = (this.#sequence + 1) >>> 0;
    const header = new Uint8Array(this.bytes);
    encodeGre(header, 0, { protocol, checksummed, key, sequence });
    if (checksummed) {
      const sum = addBytes(addBytes(0, header, 0, header.length), bytes, start, end);
      writeUint16(header, GRE_HEADER_BYTES, ~sum & 0xffff);
    }
    this.#fixed?.set(protocol, header);
    return header;
  }

  /** What is late is discarded (RFC 2890 section 2.2); an end that restarts begins with 0 again. */
  inOrder({ sequence }: Gre): boolean {
    if (!this.#options.sequence) return true;
    if (sequence === undefined) return false;
    const behind = this.#seen === undefined ? -1 : (this.#seen - sequence) | 0;
    if (behind >= 0 && behind < REORDER_WINDOW) return false;
    this.#seen = sequence;
    return true;
  }
}
