import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../../../shared/frame/address.ts";
import { DHCP_ACK, DHCP_FIXED_BYTES, decodeDhcp } from "../../../../shared/frame/ip/dhcp.ts";
import { formatMac } from "../../../../shared/frame/mac.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { requires } from "../../../support/requirements.ts";
import { ipv4Address, mac } from "../arbitraries.ts";
import { expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { dhcpFrame, dhcpMessage, type Message, word } from "../dhcp-message.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const MAC = 0x0200_0000_0001;
const SEED = 2131;

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anyMessage = fc.record({
  op: fc.constantFrom(1, 2),
  xid: uint32,
  ciaddr: ipv4Address,
  yiaddr: ipv4Address,
  giaddr: ipv4Address,
  mac,
});
const anyOptions = fc.record({ type: fc.integer({ min: 1, max: 8 }), serverId: ipv4Address, lease: uint32 });
type Options = { type: number; serverId: number; lease: number };
const encodeOptions = ({ type, serverId, lease }: Options) =>
  [
    [53, [type]],
    [51, word(lease)],
    [54, word(serverId)],
  ] as const;

const ack: Message = {
  mac: MAC,
  yiaddr: 0x0a14_0007,
  options: encodeOptions({ type: DHCP_ACK, serverId: 0x0a14_0001, lease: 3600 }),
};

function decoded(bytes: Uint8Array) {
  const message = decodeDhcp(bytes, 0, bytes.length);
  if (message instanceof Malformed) throw new Error(message.code);
  return message;
}

describe("a DHCP message", () => {
  it("decodes to what was encoded, among any other options", () => {
    const others = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((code) => ![51, 53, 54].includes(code)),
        fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 }),
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(anyMessage, anyOptions, others, others, (message, options, before, after) => {
        const all = [...before, ...encodeOptions(options), ...after];
        expect(decoded(dhcpMessage({ ...message, options: all }))).toEqual({
          operation: message.op,
          transaction: message.xid,
          clientAddress: message.ciaddr,
          yourAddress: message.yiaddr,
          relayAddress: message.giaddr,
          clientMac: message.mac,
          messageType: options.type,
          serverId: options.serverId,
          leaseSeconds: options.lease,
        });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    const encodings = fc
      .tuple(anyMessage, anyOptions)
      .map(([message, options]) => dhcpMessage({ ...message, options: encodeOptions(options) }));
    expectToKeepWithinBounds(decodeDhcp, encodings);
    expectToRefuseSenselessRanges(decodeDhcp, dhcpMessage(ack));
  });

  it("is truncated at every length below that of its fixed part", () => {
    for (let end = 0; end < DHCP_FIXED_BYTES; end++) {
      expect(decodeDhcp(dhcpMessage(ack), 0, end)).toMatchObject({ layer: "dhcp", reason: "truncated" });
    }
  });

  it("is truncated if an option exceeds its end", () => {
    const bytes = dhcpMessage(ack);
    // Without the end: in the middle of the last option's content, and of its header.
    for (const lacking of [2, 6]) {
      expect(decodeDhcp(bytes, 0, bytes.length - lacking)).toMatchObject({ reason: "truncated" });
    }
  });

  it("needs no end option, and skips pads", () => {
    const bytes = dhcpMessage(ack);
    expect(decodeDhcp(bytes, 0, bytes.length - 1)).toEqual(decoded(bytes));
    const padded = Uint8Array.of(...bytes.subarray(0, 240), 0, 0, 0, ...bytes.subarray(240));
    expect(decoded(padded)).toEqual(decoded(bytes));
  });

  it("ends at its end option", () => {
    const bytes = Uint8Array.of(...dhcpMessage({ mac: MAC }), 53, 1, DHCP_ACK);
    expect(decoded(bytes).messageType).toBeUndefined();
  });

  it("has its first type, and no option of a wrong length", () => {
    const options = [
      [53, [1, 2]],
      [53, [5]],
      [53, [6]],
    ] as const;
    expect(decoded(dhcpMessage({ mac: MAC, options })).messageType).toBe(5);
  });

  it("has no options in plain BOOTP", () => {
    const bytes = dhcpMessage(ack);
    bytes[236] = 0;
    expect(decoded(bytes)).toMatchObject({ yourAddress: 0x0a14_0007, messageType: undefined });
    expect(decodeDhcp(bytes, 0, DHCP_FIXED_BYTES)).toEqual(decoded(bytes));
  });

  it("has no MAC if its client is on another kind of link", () => {
    const bytes = dhcpMessage(ack);
    bytes[1] = 32;
    expect(decoded(bytes).clientMac).toBeUndefined();
  });

  it("is refused with an unknown operation", () => {
    expect(decodeDhcp(dhcpMessage({ op: 3 }), 0, 241)).toMatchObject({ layer: "dhcp", reason: "bad-type" });
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("reads the same from DHCP messages as our decoder", () => {
    const messages = fc
      .sample(fc.tuple(anyMessage, anyOptions), { seed: SEED, numRuns: 50 })
      .map(([message, options]) => ({ ...message, options: encodeOptions(options) }));
    const fields = [
      ...["dhcp.type", "dhcp.id", "dhcp.ip.client", "dhcp.ip.your", "dhcp.ip.relay", "dhcp.hw.mac_addr"],
      ...["dhcp.option.dhcp", "dhcp.option.dhcp_server_id", "dhcp.option.ip_address_lease_time"],
    ];
    const frames = messages.map((message) =>
      dhcpFrame(message, { source: MAC, destination: 0xffff_ffff_ffff }),
    );
    const expected = messages.map(dhcpMessage).map((bytes) => {
      const { operation, transaction, clientAddress, yourAddress, relayAddress, ...rest } = decoded(bytes);
      return [
        ...[operation, transaction].map(String),
        ...[clientAddress, yourAddress, relayAddress].map(formatAddress),
        ...[formatMac(rest.clientMac ?? -1), String(rest.messageType)],
        ...[formatAddress(rest.serverId ?? -1), String(rest.leaseSeconds)],
      ];
    });
    const seen = readWithTshark(frames, fields).map((frame) =>
      fields.map((field) => (field === "dhcp.id" ? String(Number(frame[field])) : frame[field])),
    );
    expect(seen).toEqual(expected);
  });
});
