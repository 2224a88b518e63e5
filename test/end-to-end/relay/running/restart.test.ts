import { rmSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { DENO, NODE, underEachRuntime } from "../../../support/relay/runtimes.ts";
import { requires } from "../../../support/requirements.ts";

underEachRuntime("the end of a relay", (runtime) => {
  it.each<NodeJS.Signals>(["SIGTERM", "SIGINT"])(
    "by %s asks every session to reconnect, closes it with 1012, and exits with 0",
    async (signal) => {
      await using relay = await RelayProcess.start(runtime);
      const { token, vni } = await relay.network();
      await using joined = await TunnelClient.joined(relay.url, token, vni);
      await using idle = await TunnelClient.welcomed(relay.url, token);

      relay.signal(signal);

      for (const client of [joined, idle]) {
        expect(await client.control("drain")).toEqual({ type: "drain", after_seconds: expect.any(Number) });
        expect(await client.ended()).toMatchObject({ code: 1012, reason: expect.stringMatching(/./) });
      }
      expect(await relay.ended).toMatchObject({ code: 0, signal: null });
    },
  );

  it("does not wait for clients that hang", async () => {
    await using relay = await RelayProcess.start(runtime);
    const { token, vni } = await relay.network();
    await using hangs = await TunnelClient.joined(relay.url, token, vni);
    await using stranger = await TunnelClient.open(relay.url, { subprotocols: [] });
    await using other = await TunnelClient.joined(relay.url, token, vni);
    hangs.pause();
    stranger.pause();

    relay.signal("SIGTERM");

    expect((await other.ended()).code).toBe(1012);
    expect(await relay.ended).toMatchObject({ code: 0, signal: null });
  });

  it("by SIGKILL loses nothing acknowledged: the same tokens still work", async () => {
    const data = temporaryDirectory();
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    await using killed = await RelayProcess.start(runtime, { data });
    const { adminToken } = killed;
    const network = await killed.network();
    const { token, vni } = network;
    await using before = await TunnelClient.joined(killed.url, token, vni);
    const last = await killed.token(network.tenant, network.name);
    await killed.stop("SIGKILL");
    await before.closed;

    await using relay = await RelayProcess.start(runtime, { data, listen: new URL(killed.url).host });

    expect(relay.url).toBe(killed.url);
    expect(relay.adminToken).toBe(adminToken);
    await using one = await TunnelClient.joined(relay.url, token, vni);
    await using other = await TunnelClient.joined(relay.url, last.token, vni);
    await one.send(packet(vni, ethernet(BROADCAST, station(1), "back again")));
    expect(payloadOf(await other.frame())).toBe("back again");
  });
});

describe.runIf(requires("deno"))("a data directory", () => {
  it("works with both runtimes in turn", async () => {
    const data = temporaryDirectory();
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    await using first = await RelayProcess.start(NODE, { data });
    const { token, vni, tenant } = await first.network();
    await first.stop();

    await using second = await RelayProcess.start(DENO, { data });
    await using one = await TunnelClient.joined(second.url, token, vni);
    const added = await second.network({ tenant });
    await one.close();
    await second.stop();

    await using third = await RelayProcess.start(NODE, { data });
    await using other = await TunnelClient.joined(third.url, added.token, added.vni);
    await other.sync();
  });
});
