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

/** Machines, each behind the client of the same number. */
const [A, B, C] = [station(0xa), station(0xb), station(0xc)];

underEachRuntime("the relay as a switch", (runtime) => {
  const relay = sharedRelay(runtime);

  async function segment(stack: AsyncDisposableStack): Promise<Lan> {
    const network = await relay().network();
    const members: TunnelClient[] = [];
    for (let i = 0; i < 3; i++) {
      members.push(stack.use(await TunnelClient.joined(relay().url, network.token, network.vni)));
    }
    return new Lan(network, members);
  }

  it("always floods broadcast and multicast to all but the sender", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    for (const destination of [BROADCAST, "01:00:5e:00:00:fb", "33:33:00:00:00:01", BROADCAST]) {
      expect(await lan.send(0, destination, A)).toEqual([1, 2]);
      expect(await lan.send(1, destination, B)).toEqual([0, 2]);
    }
  });

  it("floods frames to an unknown address, and sends frames to a learnt one only to its port", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    expect(await lan.send(0, B, A)).toEqual([1, 2]);
    expect(await lan.send(1, A, B)).toEqual([0]);
    expect(await lan.send(0, B, A)).toEqual([1]);
    expect(await lan.send(2, B, C)).toEqual([1]);
    expect([...(await relay().fdb(lan.network)).keys()].sort()).toEqual([A, B, C]);
  });

  it("follows a moved machine from its first frame", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    await lan.send(0, BROADCAST, A);
    await lan.send(1, BROADCAST, B);
    expect(await lan.send(0, B, A)).toEqual([1]);
    await lan.send(2, BROADCAST, B);
    expect(await lan.send(0, B, A)).toEqual([2]);
    await lan.send(1, BROADCAST, B);
    expect(await lan.send(0, B, A)).toEqual([1]);
  });

  it("sends nothing back to its sender, even for a machine there", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    await lan.send(0, BROADCAST, A);
    await lan.send(0, BROADCAST, B);
    expect(await lan.send(0, B, A)).toEqual([]);
    expect(await lan.send(0, A, A)).toEqual([]);
  });

  it("forgets the machines behind a session that ended or left", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    const { token, vni } = lan.network;
    const fourth = stack.use(await TunnelClient.joined(relay().url, token, vni));
    await fourth.send(packet(vni, ethernet(BROADCAST, B)));
    for (const member of lan.members) await member.frame();
    expect(await lan.send(0, B, A)).toEqual([]);
    await fourth.close();
    await lan.members[1]?.control("member", ({ event }) => event === "left");
    expect(await lan.send(0, B, A)).toEqual([1, 2]);

    await lan.send(1, BROADCAST, B);
    expect(await lan.send(0, B, A)).toEqual([1]);
    lan.members[1]?.say({ type: "leave", vni });
    await lan.members[1]?.control("left");
    expect(await lan.send(0, B, A, { reach: [2] })).toEqual([2]);
    expect([...(await relay().fdb(lan.network)).keys()]).not.toContain(B);
  });

  it("learns 64 machines behind a session, and drops the frames of any more", async () => {
    await using stack = new AsyncDisposableStack();
    const lan = await segment(stack);
    for (let i = 1; i <= 64; i++) expect(await lan.send(0, BROADCAST, station(i))).toEqual([1, 2]);
    expect(await lan.send(0, BROADCAST, station(65))).toEqual([]);
    expect(await lan.send(0, BROADCAST, station(66))).toEqual([]);
    expect(await lan.send(0, BROADCAST, station(64))).toEqual([1, 2]);
    expect(await lan.send(0, BROADCAST, station(1))).toEqual([1, 2]);
    // Each session has its own budget.
    expect(await lan.send(1, BROADCAST, station(65))).toEqual([0, 2]);
    expect((await relay().fdb(lan.network)).size).toBe(65);
    // A machine that moved away makes room.
    expect(await lan.send(1, BROADCAST, station(1))).toEqual([0, 2]);
    expect(await lan.send(0, BROADCAST, station(66))).toEqual([1, 2]);
  });
});

/** Some clients on one network. */
class Lan {
  readonly network: TestNetwork;
  readonly members: readonly TunnelClient[];
  #sent = 0;

  constructor(network: TestNetwork, members: readonly TunnelClient[]) {
    this.network = network;
    this.members = members;
  }

  /**
   * Sends a frame and resolves to the numbers of the clients that received it.
   *
   * @param reach the current members
   */
  async send(
    from: number,
    destination: string,
    source: string,
    { reach = this.members.map((_, i) => i) } = {},
  ): Promise<number[]> {
    const { vni } = this.network;
    const name = `frame ${++this.#sent}`;
    await this.members[from]?.send(packet(vni, ethernet(destination, source, name)));
    await this.members[from]?.sync();
    // The answer to a client's next request comes after everything that the relay has sent to it before.
    const reached: number[] = [];
    for (const i of reach) {
      const member = this.members[i];
      await member?.sync();
      const payloads = member?.takeRecords().map((record) => payloadOf(record.frame)) ?? [];
      expect(payloads.every((payload) => payload === name)).toBe(true);
      expect(payloads.length).toBeLessThanOrEqual(1);
      if (payloads.length > 0) reached.push(i);
    }
    return reached;
  }
}
