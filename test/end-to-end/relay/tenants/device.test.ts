import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BROADCAST, ethernet, hello, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a device", (runtime) => {
  const relay = sharedRelay(runtime);

  async function enrolled() {
    const network = await relay().network();
    return { network, device: await TestDevice.enrolled(relay(), await invite(relay(), network), "lab-pc") };
  }

  it("joins the networks of its invites, under the name that it enrolled with", async () => {
    const { network, device } = await enrolled();
    await using other = await TunnelClient.joined(relay().url, network.token, network.vni);
    await using client = await device.open();
    expect((await client.control("welcome"))["networks"]).toEqual([
      { name: network.name, vni: network.vni, group: network.group, mtu: 1500 },
    ]);
    await client.join(network.vni);
    expect(await other.control("member")).toMatchObject({ event: "joined", member: { name: "lab-pc" } });
    await client.send(packet(network.vni, ethernet(BROADCAST, station(1))));
    await other.frame();
  });

  it("is online while it has a session, and last seen when that ended", async () => {
    const { network, device } = await enrolled();
    const list = async () => {
      const [row] = (await relay().must("GET", `/tenants/${network.tenant}/devices`)) as {
        online: boolean;
        last_seen: string | null;
      }[];
      return row;
    };
    expect(await list()).toMatchObject({ online: false, last_seen: null });
    const client = await device.joined(network.vni);
    expect(await list()).toMatchObject({ online: true });
    await client.close();
    for (;;) {
      // Written within a second of the session's end.
      const row = await list();
      if (row?.online === false && row.last_seen !== null) {
        expect(Date.now() - Date.parse(row.last_seen)).toBeLessThan(60_000);
        break;
      }
      await delay(50);
    }
  });

  it("may not join a network that its invites do not open, nor another tenant's", async () => {
    const { network, device } = await enrolled();
    const sibling = await relay().network({ tenant: network.tenant });
    const foreign = await relay().network();
    await using client = await device.joined(network.vni);
    const answers: object[] = [];
    for (const vni of [sibling.vni, foreign.vni, 16_000_000]) {
      client.say({ type: "join", vni });
      const { message, ...answer } = await client.control("error");
      answers.push({ ...answer, message: String(message).replace(String(vni), "N"), vni: undefined });
    }
    expect(answers[0]).toMatchObject({ code: "not-allowed" });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  describe("is refused with 4001", () => {
    async function refusal(client: TunnelClient): Promise<void> {
      expect(await client.ended()).toMatchObject({ code: 4001, reason: "credentials refused" });
    }

    it("when it replays a signature", async () => {
      const { device } = await enrolled();
      await using first = await TunnelClient.open(relay().url);
      const { nonce } = await first.control("challenge");
      const said = hello(device.auth(nonce));
      first.say(said);
      await first.control("welcome");
      await using replay = await TunnelClient.open(relay().url);
      replay.say(said);
      await refusal(replay);
      await first.sync();
    });

    it("when it signs the nonce of another open session", async () => {
      const { device } = await enrolled();
      await using one = await TunnelClient.open(relay().url);
      await using other = await TunnelClient.open(relay().url);
      const { nonce } = await one.control("challenge");
      other.say(hello(device.auth(nonce)));
      await refusal(other);
    });

    it("when it signs for another relay's origin", async () => {
      const { device } = await enrolled();
      await using client = await device.open({ origin: "https://other.example" });
      await refusal(client);
    });

    it("when it claims to be another device, known or not", async () => {
      const { network, device } = await enrolled();
      const victim = await TestDevice.enrolled(relay(), await invite(relay(), network));
      for (const id of [victim.id, "nobody", ""]) {
        await using client = await TunnelClient.open(relay().url);
        const { nonce } = await client.control("challenge");
        client.say(hello(device.auth(nonce, relay().url, id)));
        await refusal(client);
      }
    });

    it.each(["", "AAAA", "A".repeat(86), "not base64url"])("with the signature '%s'", async (signature) => {
      const { device } = await enrolled();
      await using client = await TunnelClient.open(relay().url);
      client.say(hello({ auth: { method: "device", device: device.id, signature } }));
      await refusal(client);
    });

    it("when the upgrade carried a bearer token", async () => {
      const { network, device } = await enrolled();
      await using client = await device.open({ bearer: network.token });
      await refusal(client);
    });

    it("on another relay", async () => {
      const { device } = await enrolled();
      await using elsewhere = await RelayProcess.start(runtime);
      await using client = await TunnelClient.open(elsewhere.url);
      const { nonce } = await client.control("challenge");
      client.say(hello(device.auth(nonce, elsewhere.url)));
      await refusal(client);
    });
  });

  it("has one session: a newer one closes the older with 4009", async () => {
    const { network, device } = await enrolled();
    await using older = await device.joined(network.vni);
    await using newer = await device.joined(network.vni);
    expect(await older.ended()).toMatchObject({ code: 4009, reason: expect.stringMatching(/./) });
    await newer.sync();
    expect(await relay().must("GET", `/tenants/${network.tenant}/devices`)).toMatchObject([{ online: true }]);
  });

  it("is not displaced without its signature", async () => {
    const { network, device } = await enrolled();
    await using client = await device.joined(network.vni);
    await using thief = await device.open({ origin: "https://other.example" });
    expect((await thief.ended()).code).toBe(4001);
    await client.sync();
  });

  describe("that is revoked", () => {
    it("is disconnected at once with 4003, even while frames flow, and stays out", async () => {
      const { network, device } = await enrolled();
      await using other = await TunnelClient.joined(relay().url, network.token, network.vni);
      await using client = await device.joined(network.vni);
      const flow = keepSending(client, network.vni);
      await other.frame();
      await relay().must("DELETE", `/tenants/${network.tenant}/devices/${device.id}`);
      expect((await client.ended()).code).toBe(4003);
      await flow;
      await using again = await device.open();
      expect((await again.ended()).code).toBe(4001);
      expect(await relay().must("GET", `/tenants/${network.tenant}/devices`)).toEqual([]);
      await other.sync();
    });

    it("leaves other devices of its invite connected", async () => {
      const network = await relay().network();
      const by = await invite(relay(), network, { uses: 2 });
      const goes = await TestDevice.enrolled(relay(), by);
      const stays = await TestDevice.enrolled(relay(), by);
      await using out = await goes.joined(network.vni);
      await using client = await stays.joined(network.vni);
      await relay().must("DELETE", `/tenants/${network.tenant}/devices/${goes.id}`);
      await out.ended();
      await client.sync();
    });
  });

  it("is disconnected with 4003 when its invite is revoked with its devices, even while frames flow", async () => {
    const network = await relay().network();
    const { tenant, vni, token } = network;
    const by = await invite(relay(), network, { uses: 3 });
    const other = await TestDevice.enrolled(relay(), await invite(relay(), network));
    const [first, second, absent] = [
      await TestDevice.enrolled(relay(), by),
      await TestDevice.enrolled(relay(), by),
      await TestDevice.enrolled(relay(), by),
    ];
    await using sends = await first.joined(vni);
    await using silent = await second.joined(vni);
    await using stays = await other.joined(vni);
    await using receives = await TunnelClient.joined(relay().url, token, vni);
    const flow = keepSending(sends, vni);
    await receives.frame();
    await relay().must("DELETE", `/tenants/${tenant}/invites/${by.id}`);
    for (const client of [sends, silent]) expect((await client.ended()).code).toBe(4003);
    await flow;
    await stays.sync();
    for (const device of [first, second, absent]) {
      await using again = await device.open();
      expect((await again.ended()).code).toBe(4001);
      expect(await (await device.enrol(by)).json()).toMatchObject({ code: "invite.revoked" });
    }
    expect(await relay().must("GET", `/tenants/${tenant}/devices`)).toMatchObject([{ id: other.id }]);
    const entries = (await relay().must("GET", `/tenants/${tenant}/audit`)) as {
      action: string;
      object: string;
    }[];
    const done = entries.slice(-4).map(({ action, object }) => `${action} ${object}`);
    const revoked = [first, second, absent].map(({ id }) => `device.revoke ${id}`);
    expect(done.sort()).toEqual([...revoked.sort(), `invite.revoke ${by.id}`]);
  });

  it("stays when its invite is revoked without its devices", async () => {
    const network = await relay().network();
    const { tenant, vni } = network;
    const by = await invite(relay(), network, { uses: 2 });
    const device = await TestDevice.enrolled(relay(), by);
    await using client = await device.joined(vni);
    expect((await relay().api("DELETE", `/tenants/${tenant}/invites/${by.id}?devices=no`)).status).toBe(400);
    await relay().must("DELETE", `/tenants/${tenant}/invites/${by.id}?devices=false`);
    await client.sync();
    await client.close();
    await using again = await device.joined(vni);
    await again.sync();
    const late = await new TestDevice(relay()).enrol(by);
    expect(await late.json()).toMatchObject({ code: "invite.revoked" });
    expect(await relay().must("GET", `/tenants/${tenant}/invites`)).toEqual([]);
  });

  it("is disconnected with 4003 when its network or tenant is deleted", async () => {
    for (const path of ["network", "tenant"]) {
      const { network, device } = await enrolled();
      await using client = await device.joined(network.vni);
      const below = path === "network" ? `/networks/${network.name}` : "";
      await relay().must("DELETE", `/tenants/${network.tenant}${below}`);
      expect((await client.ended()).code).toBe(4003);
    }
  });
});

/** Sends frames until the session ends. */
async function keepSending(client: TunnelClient, vni: number): Promise<void> {
  const frame = packet(vni, ethernet(BROADCAST, station(1)));
  while (client.end === undefined) {
    await client.send(frame);
    // Lets incoming messages be read.
    await new Promise(setImmediate);
  }
}
