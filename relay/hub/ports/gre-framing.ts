import { writeUint16, writeUint32, written } from "../../../shared/frame/bytes.ts";
import { addBytes } from "../../../shared/frame/checksum.ts";
import {
  encodeGre,
  GRE_HEADER_BYTES,
  type Gre,
  greHeaderBytes,
} from "../../../shared/frame/encapsulation/gre.ts";

/** Sequence numbers up to this much behind are late; further behind means that the other end has restarted. */
const REORDER_WINDOW = 1024;

/** Bytes at the end of a header that has one (RFC 2890 section 2). */
const SEQUENCE_BYTES = 4;

export interface GreOptions {
  readonly key: number | undefined;
  readonly checksum: boolean;
  readonly sequence: boolean;
}

/** A port's end of a GRE tunnel to one remote. */
export interface GreTunnel {
  readonly remote: string;
  readonly key: number | undefined;
  /** Receives a packet from the remote with this tunnel's key. */
  receivePacket(bytes: Uint8Array, gre: Gre, source: string): void;
}

/** The headers of a GRE tunnel to one remote (RFC 2784, RFC 2890), and the order of packets from there. */
export class GreFraming {
  readonly bytes: number;
  readonly #options: GreOptions;
  /** Headers by protocol type, without sequence number and checksum. */
  readonly #headers = new Map<number, Uint8Array>();
  #sequence = 0;
  #seen: number | undefined;

  /**
   * Creates the framing.
   *
   * @throws RangeError for an invalid key
   */
  constructor(options: GreOptions) {
    const { checksum: checksummed, key, sequence } = options;
    this.#options = options;
    this.bytes = greHeaderBytes({ checksummed, key, sequence: sequence ? 0 : undefined });
    this.#make(0);
  }

  /** Returns the header for a payload of a protocol type, `bytes[start, end)`. */
  header(protocol: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
    const { checksum: checksummed, sequence: sequenced } = this.#options;
    const made = this.#headers.get(protocol) ?? this.#make(protocol);
    if (!checksummed && !sequenced) return made;
    const header = made.slice();
    if (sequenced) {
      writeUint32(header, header.length - SEQUENCE_BYTES, this.#sequence);
      this.#sequence = (this.#sequence + 1) >>> 0;
    }
    if (checksummed) {
      const sum = addBytes(addBytes(0, header, 0, header.length), bytes, start, end);
      writeUint16(header, GRE_HEADER_BYTES, ~sum & 0xffff);
    }
    return header;
  }

  /**
   * Makes the header template.
   *
   * @param protocol one of the few that ports use: each keeps a header
   */
  #make(protocol: number): Uint8Array {
    const { checksum: checksummed, key, sequence } = this.#options;
    const header = new Uint8Array(this.bytes);
    written(encodeGre(header, 0, { protocol, checksummed, key, sequence: sequence ? 0 : undefined }));
    this.#headers.set(protocol, header);
    return header;
  }

  /**
   * Returns false for a late packet, which is discarded (RFC 2890 section 2.2). An end that restarts begins with 0
   * again.
   */
  inOrder({ sequence }: Gre): boolean {
    if (!this.#options.sequence) return true;
    if (sequence === undefined) return false;
    const behind = this.#seen === undefined ? -1 : (this.#seen - sequence) | 0;
    if (behind >= 0 && behind < REORDER_WINDOW) return false;
    this.#seen = sequence;
    return true;
  }
}
