import { describe, expect, it, vi } from "vitest";
import { WAIT } from "../../../desktop/agent/tap/reader.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { EthernetClient } from "../../../support/relay/ethernet-client.ts";
import type { RelayProcess, TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("raw Ethernet", (runtime) => {
  const relay = sharedRelay(runtime);

  it("carries frames between clients of both kinds, byte for byte", async () => {
    const { token, vni } = await relay().network();
    await using tunnel = await TunnelClient.joined(relay().url, token, vni);
    await using raw = await entered(relay(), token, tunnel, vni);

    const there = ethernet(station(1), station(2), "there");
    raw.send(there);
    expect(await tunnel.frame()).toEqual(there);
    const back = ethernet(station(2), station(1), "and back");
    await tunnel.send(packet(vni, back));

    expect(await raw.frame("and back")).toEqual(back);
    expect(raw.texts).toEqual([]);
  });

  it("carries them between two raw clients, one frame in a message, however many there are", async () => {
    const { token, vni } = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, token, vni);
    await using one = await entered(relay(), token, watch, vni, 2);
    await using other = await entered(relay(), token, watch, vni, 3);
    one.frames.length = 0;

    const sent = Array.from({ length: 200 }, (_, i) => ethernet(station(2), station(3), `frame ${i}`));
    for (const frame of sent) other.send(frame);
    await vi.waitUntil(() => one.frames.length >= sent.length, WAIT);

    expect(one.frames).toEqual(sent);
  });

  it("works below any prefix", async () => {
    const { token, vni } = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, token, vni);
    await using raw = await entered(relay(), token, watch, vni, 2, "/some/prefix/v1/ethernet");

    expect(raw.texts).toEqual([]);
  });

  it("shows its clients as members, and their MAC addresses in the forwarding table", async () => {
    const network = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, network.token, network.vni);
    await using raw = await entered(relay(), network.token, watch, network.vni);

    await using late = await TunnelClient.welcomed(relay().url, network.token);
    expect((await late.join(network.vni))["members"]).toContainEqual(
      expect.objectContaining({ name: "ethernet" }),
    );
    expect((await relay().fdb(network)).has(station(2))).toBe(true);
    expect(raw.texts).toEqual([]);
  });

  it("ignores text messages", async () => {
    const { token, vni } = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, token, vni);
    await using raw = await entered(relay(), token, watch, vni);

    raw.say("ping:1");
    raw.say('{"type":"leave","vni":1}');
    raw.send(ethernet(BROADCAST, station(2), "still here"));

    expect(payloadOf(await watch.frame())).toBe("still here");
    expect(raw.texts).toEqual([]);
  });

  it("closes with 4002 if a message is too short for a frame", async () => {
    const { token, vni } = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, token, vni);
    await using raw = await entered(relay(), token, watch, vni);

    raw.send(new Uint8Array(13));

    expect((await raw.ended()).code).toBe(4002);
  });

  describe("is refused with 4001", () => {
    it("if the token is wrong", async () => {
      await using raw = new EthernetClient(relay().url, "not-a-token");
      expect((await raw.ended()).code).toBe(4001);
    });

    it("if the token opens several networks, and gives that reason", async () => {
      const { tenant, name } = await relay().network();
      await relay().must("POST", `/tenants/${tenant}/networks`, { name: "another" });
      const body = { network: name, networks: ["another"] };
      const { token } = (await relay().must("POST", `/tenants/${tenant}/tokens`, body)) as { token: string };

      await using raw = new EthernetClient(relay().url, token);

      expect(await raw.ended()).toMatchObject({ code: 4001, reason: expect.stringContaining("one network") });
    });
  });

  it("ends with 4003 when its token is revoked", async () => {
    const network = await relay().network();
    await using watch = await TunnelClient.joined(relay().url, network.token, network.vni);
    const { id, token } = await relay().token(network.tenant, network.name);
    await using raw = await entered(relay(), token, watch, network.vni);

    await relay().must("DELETE", `/tenants/${network.tenant}/tokens/${id}`);

    expect((await raw.ended()).code).toBe(4003);
    expect(await watch.control("member", ({ event }) => event === "left")).toMatchObject({
      vni: network.vni,
    });
  });

  it("keeps networks apart", async () => {
    const [mine, theirs] = [await relay().network(), await relay().network()] as [TestNetwork, TestNetwork];
    await using here = await TunnelClient.joined(relay().url, mine.token, mine.vni);
    await using there = await TunnelClient.joined(relay().url, theirs.token, theirs.vni);
    await using raw = await entered(relay(), mine.token, here, mine.vni);
    await using foreign = await entered(relay(), theirs.token, there, theirs.vni);
    foreign.frames.length = 0;

    raw.send(ethernet(BROADCAST, station(2), "for mine"));
    expect(payloadOf(await here.frame())).toBe("for mine");
    await there.send(packet(theirs.vni, ethernet(BROADCAST, station(9), "for theirs")));
    await foreign.frame("for theirs");

    expect(foreign.frames).toEqual([]);
  });
});

/** Opens a client, and makes both known to the switch. */
async function entered(
  relay: RelayProcess,
  token: string,
  watch: TunnelClient,
  vni: number,
  number = 2,
  path?: string,
): Promise<EthernetClient> {
  const client = await EthernetClient.open(relay.url, token, path);
  await watch.control("member", ({ event }) => event === "joined");
  await watch.send(packet(vni, ethernet(BROADCAST, station(1), "here I am")));
  await client.frame("here I am");
  client.send(ethernet(station(1), station(number), "and I"));
  await watch.frame();
  return client;
}
