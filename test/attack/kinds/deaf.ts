import { Buffer } from "node:buffer";
import { packet } from "../../support/relay/client.ts";
import { type Arena, type Attack, MOST_WAITING } from "../arena.ts";
import type { Wire } from "../wire.ts";
import { BROADCAST, ethernet, superFrame } from "./hostile-frames.ts";

const RECEIVERS = 150;
const SENDERS = 3;
const FRAME_BYTES = 1_400;
/** A group without members, so the hub floods it. */
const GROUP = 0x0100_5e6f_0001;
const FROM = "127.0.1.2";

/**
 * Threat model: a member that does not read.
 *
 * Opens many sessions that never read, and sends multicast, broadcast and super-frames to all of them as fast as the relay
 * accepts them. Some close at random moments and reconnect.
 */
export const deaf: Attack = { name: "deaf", run };

async function run(arena: Arena): Promise<void> {
  const { open, token } = arena.plan.attacker;
  const member = (index: number) => {
    const features = index % 3 === 0 ? ["batch", "offload"] : index % 3 === 1 ? ["batch"] : [];
    return arena.member({ token, join: [open.vni], features, from: FROM });
  };
  const receiver = async (index: number): Promise<Wire> => {
    const wire = await member(index);
    const mac = macOf(index);
    const hello = ethernet({ to: BROADCAST, from: mac, etherType: 0x88b5 }, Buffer.alloc(46));
    wire.sendBinary(packet(open.vni, hello));
    wire.socket.pause();
    return wire;
  };
  const senders = await arena.crowd(SENDERS, () => member(0));
  const receivers: Wire[] = [];
  void arena.crowd(RECEIVERS, async (index) => {
    receivers[index] = await receiver(index);
    arena.did("receivers that don't read");
  });
  const send = (to: number, count: number) => {
    const wire = arena.random.of(senders);
    if (wire === undefined || wire.waiting > MOST_WAITING) return;
    const frame = ethernet({ to, from: 0x0200_0000_2000, etherType: 0x88b5 }, Buffer.alloc(FRAME_BYTES));
    wire.sendBinary(Buffer.concat(Array.from({ length: count }, () => packet(open.vni, frame))));
    arena.did("frames", count);
  };
  await arena.play([
    [8, "multicasts", () => send(GROUP, 60)],
    [4, "broadcasts", () => send(BROADCAST, 60)],
    [4, "unicasts", () => send(macOf(arena.random.below(RECEIVERS)), 100)],
    [
      2,
      "super-frames",
      () => {
        const wire = arena.random.of(senders);
        if (wire.waiting < MOST_WAITING) {
          wire.sendBinary(superFrame(arena.random, open.vni, GROUP, 0x0200_0000_2001));
        }
      },
    ],
    [
      1,
      "closes",
      async () => {
        const index = arena.random.below(RECEIVERS);
        receivers[index]?.socket.destroy();
        if (arena.hasRoom) receivers[index] = await receiver(index);
      },
    ],
  ]);
}

function macOf(index: number): number {
  return 0x0200_0000_2100 + index;
}
