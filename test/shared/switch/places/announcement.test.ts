import { expect, it } from "vitest";
import { isAnnouncement } from "../../../../shared/switch/places/announcement.ts";
import { FrameView } from "../../../../shared/switch/policy/frame-view.ts";
import {
  A,
  advertisement,
  arpFrame,
  arpReply,
  arpRequest,
  B,
  gratuitous,
  v4,
  v6,
} from "../neighbours/lab.ts";
import { BROADCAST, frameBytes } from "../ports.ts";

const REPLY = 2;

/** Of IEEE 802.3, with a length and LLC behind it. */
function llc(to: number): number[] {
  const bytes = frameBytes(to, A);
  bytes.splice(12, 3, 0x00, 0x06, 0x00, 0x01, 0xaf, 0x81, 0x01, 0x00);
  return bytes;
}

function rarp(): number[] {
  const bytes = [...gratuitous(A, v4(1))];
  bytes.splice(12, 2, 0x80, 0x35);
  return bytes;
}

const replyToAll = {
  operation: REPLY,
  senderMac: A,
  senderAddress: v4(1),
  targetMac: A,
  targetAddress: v4(1),
};

it.each([
  ["gratuitous ARP", gratuitous(A, v4(1)), true],
  ["an ARP reply to everybody", arpFrame(replyToAll), true],
  ["a question", arpRequest(A, v4(1), v4(2)), false],
  ["an answer to one", arpReply(A, v4(1), B), false],
  [
    "an advertisement to everybody",
    advertisement({ target: v6(1), mac: A, destinationMac: 0x3333_0000_0001 }),
    true,
  ],
  ["an advertisement to one", advertisement({ target: v6(1), mac: A, destinationMac: B }), false],
  ["a hypervisor's RARP", rarp(), true],
  ["an access point's LLC frame", llc(BROADCAST), true],
  ["LLC to one", llc(B), false],
  ["any broadcast", frameBytes(BROADCAST, A), false],
  ["nothing but addresses", frameBytes(BROADCAST, A).slice(0, 14), false],
] as const)("%s says to everybody where its sender is: %#", (_, bytes, announces) => {
  const frame = Uint8Array.from(bytes);
  expect(isAnnouncement(new FrameView().read(frame, 0, frame.length))).toBe(announces);
});

it("is not found in a frame that is cut short", () => {
  const frame = Uint8Array.from(gratuitous(A, v4(1)));
  for (let end = 0; end < 14 + 28; end++) {
    expect(isAnnouncement(new FrameView().read(frame.slice(0, end), 0, end))).toBe(false);
  }
});
