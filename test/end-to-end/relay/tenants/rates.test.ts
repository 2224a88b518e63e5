import { setTimeout as delay } from "node:timers/promises";
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

/** Size of each frame sent here, in bytes, and number of frames in a message. */
const FRAME = 1_000;
const BATCH = 8;

interface Counters {
  readonly name: string;
  readonly drops: Readonly<Record<string, number>>;
}

underEachRuntime("a tenant's rates", (runtime) => {
  const relay = sharedRelay(runtime);

  async function limited(limits: object): Promise<TestNetwork> {
    const network = await relay().network();
    await relay().must("PATCH", `/tenants/${network.tenant}/limits`, limits);
    return network;
  }

  async function counters({ tenant, name }: TestNetwork): Promise<Map<string, Counters["drops"]>> {
    const rows = (await relay().must("GET", `/tenants/${tenant}/networks/${name}/counters`)) as Counters[];
    return new Map(rows.map((row) => [row.name, row.drops]));
  }

  async function notices(tenant: string): Promise<Record<string, unknown>[]> {
    return (await relay().must("GET", `/tenants/${tenant}/notices`)) as Record<string, unknown>[];
  }

  /** Joins a member that sends broadcasts with its own marker. */
  async function member(network: TestNetwork, name: string): Promise<TunnelClient> {
    return await TunnelClient.joined(relay().url, network.token, network.vni, { name });
  }

  it("are unlimited by default", async () => {
    expect(await relay().must("GET", "/tenants/default/limits")).toMatchObject({
      bytes_per_second: null,
      packets_per_second: null,
      network_bytes_per_second: null,
      network_packets_per_second: null,
    });
  });

  it.each([
    ["bytes_per_second", "rate-bytes", "limit.bytes-per-second"],
    ["network_bytes_per_second", "rate-bytes", "limit.network-bytes-per-second"],
    ["packets_per_second", "rate-packets", "limit.packets-per-second"],
    ["network_packets_per_second", "rate-packets", "limit.network-packets-per-second"],
  ])(
    "apply as %s: the excess is dropped, counted, and reported to the session and the administrator",
    async (limit, reason, code) => {
      const rate = limit.includes("packets") ? 50 : 50_000;
      const network = await limited({ [limit]: rate });
      await using sends = await member(network, "sends");
      await using sees = await member(network, "sees");
      const began = performance.now();
      const sent = await flood(sends, network.vni, "a", (elapsed) => elapsed < 2_000);
      await sees.sync();
      const seconds = (performance.now() - began) / 1_000;
      const received = sees.takeRecords().length;
      // At most a burst of 64 packets or KiB, the rate times the time, and the allowed debt, however slow the machine.
      const each = limit.includes("packets") ? 1 : FRAME;
      expect(received * each).toBeLessThanOrEqual((each === 1 ? 64 : 65_536) + rate * seconds + FRAME);
      expect(received * each).toBeGreaterThan(rate);
      const dropped = (await counters(network)).get("sends")?.[reason] ?? 0;
      expect(received + dropped).toBe(sent);

      expect(await sends.control("notice")).toMatchObject({
        code,
        message: expect.stringContaining(String(rate)),
      });
      const [notice] = await notices(network.tenant);
      expect(notice).toMatchObject({
        code,
        network: limit.startsWith("network") ? network.name : null,
        message: expect.stringContaining(String(rate)),
        hint: expect.stringContaining(limit),
        count: expect.any(Number),
      });
      const audit = (await relay().must("GET", `/tenants/${network.tenant}/audit`)) as {
        action: string;
        object: string;
      }[];
      const reached = audit.filter(({ action }) => action === "limit.reached");
      expect(reached).toHaveLength(1);
      expect(reached[0]?.object).toMatch(new RegExp(`^${limit} ${rate}`));
      expect(sees.takeControls().filter(({ type }) => type === "notice")).toEqual([]);
    },
  );

  it("are shared fairly: a flooding member leaves others their part", async () => {
    const rate = 60_000;
    const network = await limited({ bytes_per_second: rate });
    await using greedy = await member(network, "greedy");
    await using modest = await member(network, "modest");
    await using sees = await member(network, "sees");
    let done = false;
    const noise = flood(greedy, network.vni, "greedy", () => !done);
    // Uses up the initial burst.
    await flood(modest, network.vni, "before", (elapsed) => elapsed < 500);
    await sees.sync();
    sees.takeRecords();
    // A sixth of the rate, while half of it is the member's share: all of it passes.
    const frames = 20;
    for (let i = 0; i < frames; i++) {
      await delay(100);
      await modest.send(packet(network.vni, ethernet(BROADCAST, station(2), text("modest"))));
    }
    await modest.sync();
    await sees.sync();
    done = true;
    await noise;
    const got = sees.takeRecords().map(({ frame }) => payloadOf(frame).slice(0, 6));
    expect(got.filter((who) => who === "modest")).toHaveLength(frames);
    expect(got.filter((who) => who === "greedy").length).toBeGreaterThan(frames);
  });

  it("are shared by all networks of a tenant, and by no other tenant", async () => {
    const one = await limited({ packets_per_second: 0 });
    const sibling = await relay().network({ tenant: one.tenant });
    const stranger = await relay().network();
    for (const [network, passes] of [
      [one, false],
      [sibling, false],
      [stranger, true],
    ] as const) {
      await using sends = await member(network, "sends");
      await using sees = await member(network, "sees");
      await sends.send(packet(network.vni, ethernet(BROADCAST, station(1))));
      await sends.sync();
      await sees.sync();
      expect(sees.takeRecords()).toHaveLength(passes ? 1 : 0);
    }
  });

  it("change at once, even for joined sessions, and are lifted with null", async () => {
    const network = await relay().network();
    await using sends = await member(network, "sends");
    await using sees = await member(network, "sees");
    const passes = async () => {
      await sends.send(packet(network.vni, ethernet(BROADCAST, station(1))));
      await sends.sync();
      await sees.sync();
      return sees.takeRecords().length === 1;
    };
    expect(await passes()).toBe(true);
    for (const [limit, expected] of [
      [0, false],
      [1_000, true],
      [0, false],
      [null, true],
    ] as const) {
      await relay().must("PATCH", `/tenants/${network.tenant}/limits`, { network_bytes_per_second: limit });
      expect(await passes()).toBe(expected);
    }
  });

  it("are not reset by reconnecting", async () => {
    const network = await limited({ packets_per_second: 1 });
    await using sees = await member(network, "sees");
    let sent = 0;
    const began = performance.now();
    for (let i = 0; i < 5; i++) {
      await using sends = await member(network, "sends");
      sent += await flood(sends, network.vni, "again", (elapsed) => elapsed < 100);
    }
    await sees.sync();
    const seconds = (performance.now() - began) / 1_000;
    const received = sees.takeRecords().length;
    expect(sent).toBeGreaterThan(200);
    expect(received).toBeLessThanOrEqual(64 + seconds + 6);
  });
});

/** Returns a payload that makes a frame of {@link FRAME} bytes. */
function text(marker: string): string {
  return marker.padEnd(FRAME - 14, " ");
}

/** Sends while `goes` returns true; resolves to the number of frames. @param goes receives the milliseconds so far */
async function flood(
  client: TunnelClient,
  vni: number,
  marker: string,
  goes: (elapsed: number) => boolean,
): Promise<number> {
  const frame = packet(vni, ethernet(BROADCAST, station(1), text(marker)));
  const batch = Array.from({ length: BATCH }, () => frame);
  const began = performance.now();
  let sent = 0;
  while (goes(performance.now() - began)) {
    await client.send(...batch);
    sent += BATCH;
    await delay(2);
  }
  await client.sync();
  return sent;
}
