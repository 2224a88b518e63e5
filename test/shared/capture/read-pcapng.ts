/**
 * Reads pcapng for tests. It follows the format's specification (draft-ietf-opsawg-pcapng), not the writer, so it does
 * not repeat the writer's mistakes. Throws for any violation.
 */
import { Buffer } from "node:buffer";

export interface ReadInterface {
  readonly name: string;
  readonly description: string;
  readonly linkType: number;
  readonly snaplen: number;
  readonly resolution: number;
}

export interface ReadPacket {
  readonly interface: ReadInterface;
  /** In units of the interface's resolution. */
  readonly time: bigint;
  readonly originalBytes: number;
  readonly frame: Buffer;
  readonly direction: string | undefined;
  readonly comment: string | undefined;
  readonly lost: number;
}

export interface ReadStatistics {
  readonly interface: ReadInterface;
  readonly received: number;
  readonly lost: number;
}

export interface ReadCapture {
  readonly application: string;
  readonly comment: string;
  readonly interfaces: ReadInterface[];
  readonly packets: ReadPacket[];
  readonly statistics: ReadStatistics[];
  /** Types of the other blocks. */
  readonly others: number[];
}

/** Reads a whole capture. */
export function readPcapng(bytes: Uint8Array): ReadCapture {
  const blocks = [...blocksOf(Buffer.from(bytes))];
  const [header, ...rest] = blocks;
  if (header?.type !== 0x0a0d0d0a) throw new Error("it does not begin with a section header");
  expect(header.body.readUInt32LE(0), 0x1a2b3c4d, "byte order");
  expect(header.body.readUInt16LE(4), 1, "major version");
  expect(header.body.readUInt16LE(6), 0, "minor version");
  expect(header.body.readBigInt64LE(8), -1n, "section length");
  const options = optionsOf(header.body.subarray(16));
  const capture: ReadCapture = {
    application: text(options, 4) ?? "",
    comment: text(options, 1) ?? "",
    interfaces: [],
    packets: [],
    statistics: [],
    others: [],
  };
  for (const block of rest) readBlock(block, capture);
  return capture;
}

function readBlock({ type, body }: Block, capture: ReadCapture): void {
  const interfaceAt = (number: number): ReadInterface => {
    const found = capture.interfaces[number];
    if (found === undefined) throw new Error(`interface ${number} was not described`);
    return found;
  };
  if (type === 1) {
    const options = optionsOf(body.subarray(8));
    capture.interfaces.push({
      linkType: body.readUInt16LE(0),
      snaplen: body.readUInt32LE(4),
      name: text(options, 2) ?? "",
      description: text(options, 3) ?? "",
      resolution: options.get(9)?.readUInt8() ?? 6,
    });
  } else if (type === 5) {
    const options = optionsOf(body.subarray(12));
    capture.statistics.push({
      interface: interfaceAt(body.readUInt32LE(0)),
      received: Number(options.get(4)?.readBigUInt64LE()),
      lost: Number(options.get(5)?.readBigUInt64LE()),
    });
  } else if (type === 6) {
    const kept = body.readUInt32LE(12);
    const options = optionsOf(body.subarray(20 + Math.ceil(kept / 4) * 4));
    const flags = options.get(2)?.readUInt32LE() ?? 0;
    capture.packets.push({
      interface: interfaceAt(body.readUInt32LE(0)),
      time: (BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8)),
      originalBytes: body.readUInt32LE(16),
      frame: body.subarray(20, 20 + kept),
      direction: [undefined, "inbound", "outbound"][flags & 3],
      comment: text(options, 1),
      lost: Number(options.get(4)?.readBigUInt64LE() ?? 0n),
    });
  } else {
    capture.others.push(type);
  }
}

interface Block {
  readonly type: number;
  readonly body: Buffer;
}

function* blocksOf(bytes: Buffer): Generator<Block> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (length < 12 || length % 4 !== 0) throw new Error(`a block of ${length} bytes`);
    expect(bytes.readUInt32LE(at + length - 4), length, "a block's length at its end");
    yield { type: bytes.readUInt32LE(at), body: bytes.subarray(at + 8, at + length - 4) };
    at += length;
  }
}

function optionsOf(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const code = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    at += 4;
    if (code === 0) {
      expect(at, bytes.length, "where the options end");
      return options;
    }
    const end = at + Math.ceil(length / 4) * 4;
    if (end > bytes.length) throw new Error(`option ${code} runs past the end`);
    options.set(code, bytes.subarray(at, at + length));
    if (bytes.subarray(at + length, end).some((byte) => byte !== 0)) throw new Error("padding is not zero");
    at = end;
  }
  expect(bytes.length, 0, "options without an end");
  return options;
}

function text(options: ReadonlyMap<number, Buffer>, code: number): string | undefined {
  const value = options.get(code);
  return value === undefined ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(value);
}

function expect(value: unknown, wanted: unknown, what: string): void {
  if (value !== wanted) throw new Error(`${what} is ${value} and not ${wanted}`);
}
