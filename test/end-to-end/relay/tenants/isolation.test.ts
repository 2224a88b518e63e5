import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const MEMBERS_EACH = 3;
const STATIONS = [station(1), station(2), station(3), station(4)];

/** One frame: its sender, its source and destination machines, and the network that it names. */
const step = fc.record({
  member: fc.nat(3 * MEMBERS_EACH - 1),
  source: fc.constantFrom(...STATIONS),
  destination: fc.constantFrom(...STATIONS, ...STATIONS, BROADCAST, "33:33:00:00:00:01"),
  /** Mostly the sender's own network; the others must be out of reach. */
  network: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat(2)),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

underEachRuntime("two tenants and two networks with the same machines", (runtime) => {
  const relay = sharedRelay(runtime);

  it("never see each other's frames, and each frame reaches the ports that a switch would choose", async () => {
    const first = await relay().network();
    const networks = [first, await relay().network({ tenant: first.tenant }), await relay().network()];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        await using stack = new AsyncDisposableStack();
        const members: TunnelClient[] = [];
        for (const { token, vni } of networks) {
          for (let i = 0; i < MEMBERS_EACH; i++) {
            members.push(stack.use(await TunnelClient.joined(relay().url, token, vni)));
          }
        }
        expect(await play(steps, networks, members)).toEqual(predict(steps));
      }),
      { numRuns: 25 },
    );
  });
});

/** Sends the frames one after the other; resolves to the numbers that each member received, in order. */
async function play(
  steps: readonly Step[],
  networks: readonly TestNetwork[],
  members: readonly TunnelClient[],
): Promise<string[][]> {
  for (const [number, { member, source, destination, network }] of steps.entries()) {
    const sender = members[member];
    const { vni } = networks[network ?? networkOf(member)] as TestNetwork;
    await sender?.send(packet(vni, ethernet(destination, source, `${number}`)));
    await sender?.sync();
  }
  const received: string[][] = [];
  for (const member of members) {
    await member.sync();
    received.push(member.takeRecords().map(({ frame }) => payloadOf(frame)));
  }
  return received;
}

/** Returns what a learning switch for each network would do with the same frames. */
function predict(steps: readonly Step[]): string[][] {
  const received: string[][] = Array.from({ length: 3 * MEMBERS_EACH }, () => []);
  const tables = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  for (const [number, { member, source, destination, network }] of steps.entries()) {
    const own = networkOf(member);
    if (network !== undefined && network !== own) continue;
    tables[own]?.set(source, member);
    const at = tables[own]?.get(destination);
    for (const [other, frames] of received.entries()) {
      if (networkOf(other) === own && other !== member && (at ?? other) === other) frames.push(`${number}`);
    }
  }
  return received;
}

function networkOf(member: number): number {
  return Math.floor(member / MEMBERS_EACH);
}
