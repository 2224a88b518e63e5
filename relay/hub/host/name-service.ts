import { Buffer } from "node:buffer";
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type OptAnswer,
  type Question,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import { holds, readUint16, writeUint16 } from "../../../shared/frame/bytes.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import type { UdpService } from "./services.ts";
import { type NetworkZone, TTL_SECONDS, type ZoneRecord } from "./zone.ts";

export const DNS_PORT = 53;

/** RFC 1035 section 4.1.1, RFC 6891 section 6.1.3. */
const NXDOMAIN = 3;
const NOTIMP = 4;
const REFUSED = 5;
const FORMERR = 1;
const SERVFAIL = 2;
const NOERROR = 0;
/** High bits of the code, which go into the OPT record. */
const BADVERS_HIGH = 1;

const HEADER_BYTES = 12;
const QUESTION_TAIL_BYTES = 4;
const QUERY_OPCODE = 0;

/**
 * Message size for clients that announce none (RFC 1035 section 2.3.4), and the size that we announce (RFC 9715 section
 * 3).
 */
const LEAST_BYTES = 512;
const OUR_BYTES = 1232;

/** A query may contain an OPT record and a signature (RFC 6891 section 6.1.1, RFC 8945 section 5.1). */
const MAX_ADDITIONALS = 2;

/** Answers DNS queries for the names of one network: RFC 1034, RFC 1035, over UDP, with EDNS (RFC 6891). */
export class NameService implements UdpService {
  readonly #zone: NetworkZone;
  readonly #caught: (error: unknown) => void;

  /**
   * Creates the service.
   *
   * @param caught receives errors, such as the store's, that lead to SERVFAIL
   */
  constructor(zone: NetworkZone, caught: (error: unknown) => void = () => {}) {
    this.#zone = zone;
    this.#caught = caught;
  }

  answer(request: Uint8Array, capacity: number): Uint8Array | DropReason {
    const query = readQuery(request);
    if (query === undefined) return "malformed";
    // Never answers a response, because two servers could answer each other for ever.
    if (query.isResponse) return "not-served";
    try {
      return this.#fitting(query, capacity);
    } catch (error) {
      // If the store fails, only this query fails, because frames of other hosts share the call.
      this.#caught(error);
      return write(query, failure(SERVFAIL));
    }
  }

  /** Returns the answer, without the parts that do not fit. */
  #fitting(query: Query, capacity: number): Uint8Array {
    const { opt } = query;
    const room = opt === undefined ? LEAST_BYTES : Math.max(LEAST_BYTES, opt.udpPayloadSize);
    const limit = Math.min(capacity, OUR_BYTES, room);
    const reply = this.#reply(query);
    const whole = write(query, reply);
    if (whole.length <= limit) return whole;
    // Without the authority section the answer is as good, but not cached (RFC 2181 section 9).
    const answer = write(query, { ...reply, authorities: [] });
    if (answer.length <= limit) return answer;
    return write(query, { ...reply, flags: reply.flags | TRUNCATED_RESPONSE, answers: [], authorities: [] });
  }

  #reply({ packet, opcode, question, opt }: Query): Reply {
    if (opcode !== QUERY_OPCODE) return failure(NOTIMP);
    if (opt !== undefined && opt.ednsVersion !== 0) return { ...failure(NOERROR), extended: BADVERS_HIGH };
    if (question === undefined || packet === undefined) return failure(FORMERR);
    const { name, type, class: kind = "IN" } = question;
    if (kind !== "IN" || type === "AXFR" || type === "IXFR") return failure(REFUSED);
    const found = this.#zone.find(name.toLowerCase());
    if (found.kind === "elsewhere") return failure(REFUSED);
    const authority = this.#record(found.zone, { type: "SOA" });
    const flags = AUTHORITATIVE_ANSWER;
    if (found.kind === "no-such-name")
      return { flags: flags | NXDOMAIN, answers: [], authorities: [authority] };
    const asked = found.records.filter((record) => matches(record, type));
    const answers = asked.map((record) => this.#record(name, record));
    return { flags, answers, authorities: answers.length === 0 ? [authority] : [] };
  }

  #record(name: string, record: ZoneRecord): Answer {
    const common = { name, ttl: TTL_SECONDS, class: "IN" } as const;
    if (record.type !== "SOA") return { ...common, type: record.type, data: record.data };
    const data = {
      mname: this.#zone.server,
      rname: `hostmaster.${this.#zone.domain}`,
      // No secondary server compares it.
      serial: 1,
      refresh: 3_600,
      retry: 600,
      expire: 86_400,
      // Time that a negative answer may be cached (RFC 2308 section 4).
      minimum: TTL_SECONDS,
    };
    return { ...common, type: "SOA", data };
  }
}

/** Returns whether a record answers a query type. ANY gets all records, which are few (RFC 8482 allows fewer). */
function matches(record: ZoneRecord, type: string): boolean {
  return record.type === type || type === "ANY" || type === "UNKNOWN_255";
}

interface Query {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  /** RD, which the answer repeats. */
  readonly flags: number;
  /** The question's bytes as received, which the answer repeats with the same letter case. */
  readonly asked: Uint8Array;
  /** Undefined if there is not exactly one question, or the query has sections it should not. */
  readonly packet: DecodedPacket | undefined;
  readonly question: Question | undefined;
  readonly opt: OptAnswer | undefined;
}

interface Reply {
  /** AA, TC, and the code. */
  readonly flags: number;
  readonly answers: Answer[];
  readonly authorities: Answer[];
  /** The code's high bits. */
  readonly extended?: number;
}

function failure(code: number): Reply {
  return { flags: code, answers: [], authorities: [] };
}

/**
 * Parses a query.
 *
 * @returns undefined if it cannot be parsed
 */
function readQuery(bytes: Uint8Array): Query | undefined {
  if (!holds(bytes, 0, bytes.length, HEADER_BYTES)) return undefined;
  const first = readUint16(bytes, 2);
  const header = {
    id: readUint16(bytes, 0),
    isResponse: first >>> 15 === 1,
    opcode: (first >>> 11) & 0x0f,
    flags: first & RECURSION_DESIRED,
  };
  const bare = {
    ...header,
    asked: bytes.subarray(0, 0),
    packet: undefined,
    question: undefined,
    opt: undefined,
  };
  if (header.isResponse || header.opcode !== QUERY_OPCODE) return bare;
  // Checked before decoding, because the library allocates as many records as the counts say.
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => readUint16(bytes, at));
  const isUsual = questions === 1 && answers === 0 && authorities === 0;
  if (!isUsual || (additionals ?? 0) > MAX_ADDITIONALS) return bare;
  const end = questionEnd(bytes);
  if (end === undefined) return undefined;
  try {
    const packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    const opt = packet.additionals?.find((record): record is OptAnswer => record.type === "OPT");
    const [question] = packet.questions ?? [];
    return { ...header, asked: bytes.subarray(HEADER_BYTES, end), packet, question, opt };
  } catch {
    return undefined;
  }
}

/** Returns where the question ends; undefined if it is incomplete or its name is compressed. */
function questionEnd(bytes: Uint8Array): number | undefined {
  let at = HEADER_BYTES;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
  }
  const end = at + 1 + QUESTION_TAIL_BYTES;
  return end <= bytes.length ? end : undefined;
}

function write({ id, flags, asked, opt }: Query, reply: Reply): Uint8Array {
  const additionals: Answer[] = [];
  if (opt !== undefined) {
    additionals.push({
      type: "OPT",
      name: ".",
      udpPayloadSize: OUR_BYTES,
      extendedRcode: reply.extended ?? 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    });
  }
  const { answers, authorities } = reply;
  const rest = encode({
    type: "response",
    id,
    flags: flags | reply.flags,
    answers,
    authorities,
    additionals,
  });
  const bytes = new Uint8Array(rest.length + asked.length);
  bytes.set(rest.subarray(0, HEADER_BYTES));
  bytes.set(asked, HEADER_BYTES);
  bytes.set(rest.subarray(HEADER_BYTES), HEADER_BYTES + asked.length);
  writeUint16(bytes, 4, asked.length === 0 ? 0 : 1);
  return bytes;
}
