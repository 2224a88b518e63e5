import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { arpRequest } from "../../../support/relay/neighbour-frames.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const MEMBERS = 16;
const ADDRESSES = 1_000;

underEachRuntime("a network whose members claim 16,000 addresses", (runtime) => {
  const relay = sharedRelay(runtime);

  it("admits devices with unclaimed addresses, and audits a bounded part in one entry", {
    timeout: 120_000,
  }, async () => {
    const { tenant } = await relay().network();
    const settings = { storm_broadcast: 0 };
    const lan = await relay().must("POST", `/tenants/${tenant}/networks`, {
      name: "lan",
      subnet: "10.32.0.0/16",
      settings,
    });
    const { vni } = lan as { vni: number };
    const { token } = await relay().token(tenant, "lan");
    const by = await invite(relay(), { tenant, name: "lan" }, { uses: 9 });
    await using stack = new AsyncDisposableStack();
    for (let member = 0; member < MEMBERS; member++) {
      const client = stack.use(await TunnelClient.joined(relay().url, token, vni));
      const claims = Array.from({ length: ADDRESSES }, (_, i) =>
        packet(vni, arpRequest(station(member + 1), address(2 + member * ADDRESSES + i), "10.32.255.254")),
      );
      for (let at = 0; at < claims.length; at += 100) {
        await client.send(Buffer.concat(claims.slice(at, at + 100)));
      }
      await client.sync();
    }
    const path = `/tenants/${tenant}/networks/lan`;
    const listed = new Set<unknown>();
    for (let cursor = ""; ; ) {
      const response = await relay().api("GET", `${path}/neighbours${cursor}`);
      for (const { address } of (await response.json()) as { address: string }[]) listed.add(address);
      const next = /[?&](cursor=[^>&]+)/.exec(response.headers.get("link") ?? "")?.[1];
      if (next === undefined) break;
      cursor = `?${next}`;
    }
    expect(listed.size).toBeGreaterThanOrEqual(MEMBERS * ADDRESSES);

    const given: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const device = await TestDevice.enrolled(relay(), by);
      await using client = await device.open();
      const [offer] = (await client.control("welcome"))["networks"] as { address: string }[];
      given.push(offer?.address);
    }
    expect(given).toEqual([0, 1, 2].map((i) => `${address(2 + MEMBERS * ADDRESSES + i)}/16`));
    const log = (await relay().must("GET", `/tenants/${tenant}/audit`)) as {
      action: string;
      object: string;
    }[];
    const noted = log.filter(({ action }) => action === "address.in-use").map(({ object }) => object);
    expect(noted).toEqual([`lan 10.32.0.2 ${station(1)} and 1023 more`]);
  });
});

function address(number: number): string {
  return `10.32.${number >>> 8}.${number & 0xff}`;
}
