// Captures of a network over the administration API, as a client sees them.
import { describe, expect, it } from "vitest";
import { type ReadCapture, readPcapng } from "../../../shared/capture/read-pcapng.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess, type TestNetwork } from "../../../support/relay/relay-process.ts";
import { NODE, sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const [A, B] = [station(0xa), station(0xb)];

/** A running capture. */
class RunningCapture implements AsyncDisposable {
  readonly response: Response;
  readonly #stop: AbortController;

  private constructor(response: Response, stop: AbortController) {
    this.response = response;
    this.#stop = stop;
  }

  static async start(
    relay: RelayProcess,
    { tenant, name }: TestNetwork,
    query = "",
    method = "GET",
  ): Promise<RunningCapture> {
    const stop = new AbortController();
    const response = await fetch(`${relay.url}/v1/tenants/${tenant}/networks/${name}/capture${query}`, {
      method,
      headers: { authorization: `Bearer ${relay.adminToken}` },
      signal: stop.signal,
    });
    return new RunningCapture(response, stop);
  }

  /** Reads the capture to its end. */
  async read(): Promise<ReadCapture> {
    return readPcapng(new Uint8Array(await this.response.arrayBuffer()));
  }

  /** Disconnects, as an ended client does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
  }
}

function story({ packets }: ReadCapture): string[] {
  return packets.map(({ interface: { description }, frame, comment }) => {
    const where = /^(\S+) \(VTEP \S+\), (inbound|outbound):/.exec(description);
    const dropped = comment === undefined ? "" : ` (${/^dropped: (\S+)/.exec(comment)?.[1]})`;
    return `${where?.[1]} ${where?.[2]}: ${payloadOf(frame)}${dropped}`;
  });
}

underEachRuntime("a capture at the relay", (runtime) => {
  const relay = sharedRelay(runtime);
  const start = (network: TestNetwork, query?: string) => RunningCapture.start(relay(), network, query);
  const remove = ({ tenant, name }: TestNetwork) =>
    relay().must("DELETE", `/tenants/${tenant}/networks/${name}`);

  /** Joins a member with that name. */
  async function member(network: TestNetwork, name: string): Promise<TunnelClient> {
    return await TunnelClient.joined(relay().url, network.token, network.vni, { name });
  }

  /** Sends a frame, and resolves when the relay has switched it. */
  async function send(from: TunnelClient, { vni }: TestNetwork, frame: Uint8Array): Promise<void> {
    await from.send(packet(vni, frame));
    await from.sync();
  }

  it("contains every frame since the first member's first, with the hub's decision", async () => {
    const network = await relay().network();
    await using capture = await start(network);
    expect(capture.response.headers.get("content-type")).toBe("application/x-pcapng");
    await using alice = await member(network, "alice");
    await send(alice, network, ethernet(BROADCAST, A, "alone"));
    await using bob = await member(network, "bob");
    await send(alice, network, ethernet(BROADCAST, A, "to all"));
    await send(bob, network, ethernet(A, B, "to one"));
    await send(bob, network, ethernet(B, B, "to itself"));
    await remove(network);
    const read = await capture.read();
    expect(story(read)).toEqual([
      "alice inbound: alone (no-receiver)",
      "alice inbound: to all",
      "bob outbound: to all",
      "bob inbound: to one",
      "alice outbound: to one",
      "bob inbound: to itself (same-port)",
    ]);
    expect(read.application).toBe("laneway");
    expect(read.comment).toContain(`VNI ${network.vni}`);
    expect(read.statistics.map(({ received, lost }) => [received, lost])).toEqual([
      ...[
        [2, 0],
        [1, 0],
      ],
      ...[
        [2, 0],
        [1, 0],
      ],
    ]);
  });

  it("streams frames as they pass", async () => {
    const network = await relay().network();
    await using capture = await start(network);
    await using alice = await member(network, "alice");
    const reader = capture.response.body?.getReader();
    let seen = Buffer.alloc(0);
    for (const word of ["first-frame", "second-frame"]) {
      await send(alice, network, ethernet(BROADCAST, A, word));
      while (!seen.includes(word)) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        expect(done).toBe(false);
        seen = Buffer.concat([seen, value ?? Buffer.alloc(0)]);
      }
    }
  });

  it("contains nothing of other networks, even of the same tenant", async () => {
    const network = await relay().network();
    const other = await relay().network({ tenant: network.tenant });
    await using capture = await start(network);
    await using alice = await member(network, "alice");
    await using eve = await member(other, "eve");
    await send(eve, other, ethernet(BROADCAST, B, "other"));
    // A VNI that the session did not join: dropped, and not captured on the network of that VNI.
    await send(eve, network, ethernet(BROADCAST, B, "intruder"));
    await send(alice, network, ethernet(BROADCAST, A, "own"));
    await remove(network);
    expect(story(await capture.read())).toEqual(["alice inbound: own (no-receiver)"]);
  });

  it("can be limited to one VTEP, or to drops", async () => {
    const network = await relay().network();
    await using alice = await member(network, "alice");
    await using bob = await member(network, "bob");
    await send(bob, network, ethernet(BROADCAST, B, "hello"));
    const vtep = (await relay().fdb(network)).get(B);
    await using ofBob = await start(network, `?vtep=${vtep}`);
    await using ofDrops = await start(network, "?drops=true");
    await using ofBobsDrops = await start(network, `?drops=true&vtep=${vtep}`);
    await send(alice, network, ethernet(A, A, "to itself"));
    await send(alice, network, ethernet(B, A, "to bob"));
    await send(bob, network, ethernet(B, B, "to himself"));
    await remove(network);
    expect(story(await ofBob.read())).toEqual([
      "bob outbound: to bob",
      "bob inbound: to himself (same-port)",
    ]);
    expect(story(await ofDrops.read())).toEqual([
      "alice inbound: to itself (same-port)",
      "bob inbound: to himself (same-port)",
    ]);
    expect(story(await ofBobsDrops.read())).toEqual(["bob inbound: to himself (same-port)"]);
  });

  it("ends when its time is over", async () => {
    const network = await relay().network();
    await using capture = await start(network, "?seconds=1");
    expect((await capture.read()).packets).toEqual([]);
  });

  it("ends with its tenant", async () => {
    const network = await relay().network();
    await using capture = await start(network);
    await relay().must("DELETE", `/tenants/${network.tenant}`);
    expect((await capture.read()).packets).toEqual([]);
  });

  it("outlives its network's members", async () => {
    const network = await relay().network();
    await using capture = await start(network);
    for (const name of ["alice", "bob"]) {
      await using one = await member(network, name);
      await send(one, network, ethernet(BROADCAST, A, "here"));
      await one.close();
    }
    await remove(network);
    expect(story(await capture.read())).toEqual([
      "alice inbound: here (no-receiver)",
      "bob inbound: here (no-receiver)",
    ]);
  });

  it("is one of at most four, until one ends or its client disconnects", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const begin = async (query?: string) => stack.use(await start(network, query));
    const four = [await begin(), await begin(), await begin(), await begin()];
    expect(four.map(({ response }) => response.status)).toEqual([200, 200, 200, 200]);
    const fifth = await begin();
    expect(fifth.response.status).toBe(429);
    expect(await fifth.response.json()).toMatchObject({ status: 429, code: "capture.too-many" });

    await four[0]?.[Symbol.asyncDispose]();
    let next = fifth;
    await expect
      .poll(async () => {
        next = await begin("?seconds=1");
        return next.response.status;
      })
      .toBe(200);
    await next.read();

    // A HEAD request starts no capture.
    for (let i = 0; i < 5; i++) {
      const { response } = stack.use(await RunningCapture.start(relay(), network, "", "HEAD"));
      expect(response.status).toBe(200);
    }
    expect((await begin()).response.status).toBe(200);
    expect((await begin()).response.status).toBe(429);
  });

  it("counts against its tenant's limit", async () => {
    await using stack = new AsyncDisposableStack();
    const first = await relay().network();
    const networks = [first, await relay().network(first), await relay().network(first)];
    const begin = async (i: number) => stack.use(await start(networks[i % 3] as TestNetwork));
    for (let i = 0; i < 8; i++) expect((await begin(i)).response.status).toBe(200);
    const { response } = await begin(8);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: "limit.captures" });
    const other = stack.use(await start(await relay().network()));
    expect(other.response.status).toBe(200);
    await remove(first);
    // The tenant's three captures have ended, so there is room.
    expect((await begin(1)).response.status).toBe(200);
  });

  it("waits for a client that does not read, within a bounded buffer", async () => {
    const network = await relay().network();
    await using capture = await start(network);
    await using alice = await member(network, "alice");
    const frame = ethernet(BROADCAST, A, new Uint8Array(60_000));
    const sent = 500;
    for (let i = 0; i < sent; i++) await send(alice, network, frame);
    await remove(network);
    const { packets, statistics } = await capture.read();
    const [own] = statistics;
    expect(own?.received).toBe(sent);
    expect(packets.length + (own?.lost ?? 0)).toBe(sent);
    expect(own?.lost).toBeGreaterThan(0);
    expect(packets.length).toBeGreaterThan(10);
    expect(packets.every(({ frame }) => frame.length === 60_014)).toBe(true);
  });

  it.each([
    ["?vtep=0123456789abcdef", 404, "vtep.unknown"],
    ["?seconds=0", 400, "request.invalid"],
    ["?seconds=soon", 400, "request.invalid"],
    ["?drops=perhaps", 400, "request.invalid"],
    ["?everything=true", 400, "request.invalid"],
  ])("is refused with %s", async (query, status, code) => {
    const network = await relay().network();
    await using capture = await start(network, query);
    expect(await capture.response.json()).toMatchObject({ status, code });
    expect(capture.response.status).toBe(status);
  });

  it("is refused for missing networks, for other tenants', and without the right", async () => {
    const [own, other] = [await relay().network(), await relay().network()];
    await using nothing = await start({ ...own, name: "nope" });
    await using others = await start({ ...own, name: other.name });
    for (const { response } of [nothing, others]) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "network.unknown" });
    }
    const path = `/tenants/${own.tenant}/networks/${own.name}/capture`;
    expect((await relay().api("GET", path, undefined, own.token)).status).toBe(401);
  });
});

describe("a relay that shuts down", () => {
  it("completes its captures", async () => {
    await using relay = await RelayProcess.start(NODE);
    const network = await relay.network();
    await using capture = await RunningCapture.start(relay, network);
    await using alice = await TunnelClient.joined(relay.url, network.token, network.vni, { name: "alice" });
    await alice.send(packet(network.vni, ethernet(BROADCAST, A, "last words")));
    await alice.sync();
    const ended = relay.stop();
    expect(story(await capture.read())).toEqual(["alice inbound: last words (no-receiver)"]);
    expect(await ended).toMatchObject({ code: 0 });
  });
});
