import { expect, it } from "vitest";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("the usage of a tenant", (runtime) => {
  const relay = sharedRelay(runtime);

  it("counts the tenant's own resources only", async () => {
    const [network, other] = [await relay().network(), await relay().network()];
    await using client = await TunnelClient.joined(relay().url, network.token, network.vni);
    await client.send(packet(network.vni, ethernet(BROADCAST, station(1))));
    await client.sync();
    const usage = (tenant: string) => relay().must("GET", `/tenants/${tenant}/usage`);
    expect(await usage(network.tenant)).toMatchObject({
      networks: 1,
      devices: 0,
      tokens: 1,
      sessions: 1,
      memberships: 1,
      captures: 0,
      macs: 1,
      queued_bytes: 0,
    });
    expect(await usage(other.tenant)).toMatchObject({ networks: 1, sessions: 0, macs: 0 });
  });
});
