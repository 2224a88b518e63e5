import { Buffer } from "node:buffer";
import { corpusFrames } from "../../fuzz/frames.ts";
import { Mutator } from "../../fuzz/mutator.ts";
import { type Arena, type Attack, MOST_WAITING } from "../arena.ts";
import { BINARY, clientFrame, textFrame, type Wire } from "../wire.ts";
import { arpClaim, BROADCAST, dhcpOffer, ethernet, igmpReports } from "./hostile-frames.ts";

const CLIENTS = 12;
const FROM = "127.0.1.5";

/**
 * Threat model: a member, as a client of raw Ethernet.
 *
 * Sends mutated frames, frames of every size from none to more than a frame may have, broadcasts, reports and claims, before and
 * after the relay admits it. Half of the clients do not read. Also sends text, tokens for two networks and unknown
 * tokens.
 */
export const ethernetClients: Attack = { name: "ethernet", run };

async function run(arena: Arena): Promise<void> {
  const { open, given, token } = arena.plan.attacker;
  const { random } = arena;
  const mutator = new Mutator(random, corpusFrames());
  const connect = async (path: string): Promise<Wire> => {
    const wire = await arena.wire({ path: `/v1/ethernet/${path}`, from: FROM, lines: "" });
    if (random.below(2) === 0) wire.socket.pause();
    return wire;
  };
  const clients = await arena.crowd(CLIENTS, () => connect(random.of([open, given]).token));
  const one = async (): Promise<Wire> => {
    const at = random.below(clients.length);
    const wire = clients[at];
    if (wire !== undefined && !wire.isClosed) return wire;
    clients[at] = await connect(random.of([open, given]).token);
    return clients[at];
  };
  const send = (count: number, make: () => Buffer) => async () => {
    const wire = await one();
    if (wire.waiting > MOST_WAITING) return;
    wire.socket.write(Buffer.concat(Array.from({ length: count }, () => clientFrame(BINARY, make()))));
    arena.did("frames", count);
  };
  const mac = () => 0x0200_0004_0000 + random.below(50);
  await arena.play([
    [
      6,
      "mutated frames",
      send(50, () => {
        mutator.next();
        return Buffer.from(mutator.bytes.subarray(0, Math.max(14, mutator.end)));
      }),
    ],
    [
      4,
      "broadcasts",
      send(50, () =>
        ethernet({ to: BROADCAST, from: mac(), etherType: 0x88b5 }, Buffer.alloc(random.below(1_500))),
      ),
    ],
    [2, "reports", send(20, () => igmpReports(random, mac()))],
    [2, "claims", send(50, () => arpClaim(mac(), 0x0a42_0000 + random.below(65_536)))],
    [1, "DHCP", send(5, () => dhcpOffer(mac()))],
    [1, "frames of odd sizes", send(1, () => Buffer.alloc(random.of([0, 13, 14, 65_550, 65_551, 270_000])))],
    [1, "text", async () => void (await one()).socket.write(textFrame({ type: "join", vni: open.vni }))],
    [
      1,
      "tokens that open nothing here",
      async () => {
        if (!arena.hasRoom) return;
        const wire = await connect(random.of([token, "nobody", "%00", "x".repeat(2_000)]));
        setTimeout(() => wire.socket.destroy(), 300);
      },
    ],
  ]);
}
