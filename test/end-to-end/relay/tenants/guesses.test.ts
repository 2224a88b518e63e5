import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  hello,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("guessing", (runtime) => {
  it("is slowed down with 429 for the guessing address only", async () => {
    await using relay = await RelayProcess.start(runtime);
    const { token, vni } = await relay.network();
    await using member = await TunnelClient.joined(relay.url, token, vni);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    try {
      const guess = (bearer: string, localAddress = "127.0.0.1") => ask(relay, agent, localAddress, bearer);
      const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => guess(`wrong-${i}`)));
      const statuses = answers.map(({ statusCode }) => statusCode);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(statuses.filter((status) => status === 401).length).toBeLessThan(500);
      for (const { statusCode, headers } of answers) {
        if (statusCode === 429) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
      }
      expect((await guess("wrong", "127.0.0.2")).statusCode).toBe(401);
      expect((await guess(relay.adminToken, "127.0.0.2")).statusCode).toBe(200);
      // Valid credentials from the same address still work.
      expect((await guess(relay.adminToken)).statusCode).toBe(200);
      await member.sync();
    } finally {
      agent.destroy();
    }
  });

  it("by a thousand connections at once is turned away, while others join and their frames pass", async () => {
    await using relay = await RelayProcess.start(runtime);
    const { token, vni } = await relay.network();
    await using member = await TunnelClient.joined(relay.url, token, vni, { localAddress: "127.0.0.2" });
    await using other = await TunnelClient.joined(relay.url, token, vni, { localAddress: "127.0.0.3" });
    const closes = new Map<number, number>();
    const guesses = Array.from({ length: 1_000 }, async (_, i) => {
      await using client = await TunnelClient.open(relay.url);
      client.say(hello({ token: `wrong-${i}` }));
      const { code } = await client.closed;
      closes.set(code, (closes.get(code) ?? 0) + 1);
    });
    const seen: string[] = [];
    for (let i = 0; i < 10; i++) {
      await member.send(packet(vni, ethernet(BROADCAST, station(1), `${i}`)));
      seen.push(payloadOf(await other.frame()));
      await using late = await TunnelClient.welcomed(relay.url, token, { localAddress: "127.0.0.4" });
      await late.sync();
    }
    await Promise.all(guesses);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    expect([...closes.keys()].sort()).toEqual([1013, 4001]);
    expect(closes.get(4001)).toBeLessThan(500);
    // A valid token still works from the same address.
    await using right = await TunnelClient.joined(relay.url, token, vni);
    await right.sync();
  });

  it("counts together for tokens in the tunnel, invites and proofs", async () => {
    await using relay = await RelayProcess.start(runtime);
    const network = await relay.network();
    const by = await invite(relay, network);
    const device = new TestDevice(relay);
    for (let i = 0; ; i++) {
      expect(i, "guesses without an end").toBeLessThan(2_000);
      const told = i % 2 === 0 ? { invite: `wrong-${i}` } : { origin: "https://other.example" };
      const response = await device.enrol(by, told);
      if (response.status === 403) continue;
      expect(await response.json()).toMatchObject({ status: 429, code: "rate.limited" });
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      break;
    }
    for (let i = 0; ; i++) {
      expect(i, "guesses without an end").toBeLessThan(2_000);
      await using client = await TunnelClient.open(relay.url);
      client.say(hello({ token: "wrong" }));
      const { code } = await client.ended();
      if (code === 4001) continue;
      expect(code).toBe(1013);
      break;
    }
    await using elsewhere = await TunnelClient.open(relay.url, { localAddress: "127.0.0.2" });
    elsewhere.say(hello({ token: "wrong" }));
    expect((await elsewhere.ended()).code).toBe(4001);
    expect((await device.enrol(by)).status).toBe(201);
  });
});

async function ask(
  relay: RelayProcess,
  agent: Agent,
  localAddress: string,
  bearer: string,
): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${bearer}` };
  const asked = request(`${relay.url}/v1/tenants`, { agent, localAddress, headers }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response;
}
