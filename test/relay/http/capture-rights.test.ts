import { expect, it } from "vitest";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../support/relay/client.ts";
import type { TestNetwork } from "../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

underEachRuntime("a capture", (runtime) => {
  const relay = sharedRelay(runtime);

  async function admin({ tenant }: TestNetwork, fields: object = {}) {
    const made = await relay().must("POST", `/tenants/${tenant}/admins`, fields);
    return made as { id: string; token: string };
  }

  async function capture({ tenant, name }: TestNetwork, query = "", token = relay().adminToken) {
    return await relay().api("GET", `/tenants/${tenant}/networks/${name}/capture${query}`, undefined, token);
  }

  async function captures({ tenant }: TestNetwork) {
    const log = (await relay().must("GET", `/tenants/${tenant}/audit`)) as Record<string, unknown>[];
    return log
      .filter(({ action }) => String(action).startsWith("capture."))
      .map(({ actor, action, object }) => `${actor} ${action} ${object}`);
  }

  it("is in the audit log at its beginning and at every kind of end", async () => {
    const network = await relay().network();
    const { id, token } = await admin(network);
    const actor = `tenant-admin ${id}`;
    await (await capture(network, "?seconds=1", token)).arrayBuffer();
    expect(await captures(network)).toEqual([
      `${actor} capture.start ${network.name}`,
      `${actor} capture.end ${network.name}`,
    ]);
    const left = await capture(network);
    expect((await captures(network)).slice(2)).toEqual([`relay-admin capture.start ${network.name}`]);
    await left.body?.cancel();
    await expect
      .poll(async () => (await captures(network)).slice(3), { timeout: 30_000 })
      .toEqual([`relay-admin capture.end ${network.name}`]);
    expect((await capture(network, "?vtep=nobody")).status).toBe(404);
    expect(await captures(network)).toHaveLength(4);
  });

  it("ends completely when the caller's token is revoked while frames pass; other captures go on", async () => {
    const network = await relay().network();
    const { id, token } = await admin(network);
    const other = await admin(network);
    await using client = await TunnelClient.joined(relay().url, network.token, network.vni);
    const ends = await capture(network, "", token);
    const stays = await capture(network, "", other.token);
    const sent = packet(network.vni, ethernet(BROADCAST, station(1)));
    const done = { yet: false };
    const flow = (async () => {
      while (!done.yet) {
        await client.send(sent);
        await new Promise(setImmediate);
      }
    })();
    try {
      const whole = ends.arrayBuffer();
      const reader = stays.body?.getReader();
      await reader?.read();
      await relay().must("DELETE", `/tenants/${network.tenant}/admins/${id}`);
      expect((await whole).byteLength).toBeGreaterThan(0);
      expect((await reader?.read())?.done).toBe(false);
      await reader?.cancel();
    } finally {
      done.yet = true;
      await flow;
    }
    expect(await captures(network)).toContain(`tenant-admin ${id} capture.end ${network.name}`);
  });

  it("ends when the caller's token expires", async () => {
    const network = await relay().network();
    const { token } = await admin(network, { expires_in: 3 });
    const response = await capture(network, "", token);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect((await capture(network, "", token)).status).toBe(401);
  });
});
