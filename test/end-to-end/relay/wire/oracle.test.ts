import { request as httpRequest } from "node:http";
import { expect, it } from "vitest";
import { BROADCAST, ethernet, hello, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { type Invite, invite, TestDevice } from "../../../support/relay/device.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

/** A tenant's resources, of which other tenants must learn nothing. */
interface Tenant extends TestNetwork {
  readonly by: Invite;
  readonly device: TestDevice;
  readonly admin: { readonly id: string; readonly token: string };
  /** A joined member, its session's id and the MAC address behind it. */
  readonly member: TunnelClient;
  readonly session: string;
  readonly mac: string;
}

underEachRuntime("an identifier of another tenant", (runtime) => {
  const relay = sharedRelay(runtime);
  let machines = 100;

  async function tenant(): Promise<Tenant> {
    const network = await relay().network();
    const by = await invite(relay(), network, { uses: 5 });
    const device = await TestDevice.enrolled(relay(), by);
    const admin = (await relay().must("POST", `/tenants/${network.tenant}/admins`, {})) as Tenant["admin"];
    const member = await TunnelClient.joined(relay().url, network.token, network.vni, {
      name: `of-${network.tenant}`,
    });
    const mac = station(machines++);
    await member.send(packet(network.vni, ethernet(BROADCAST, mac)));
    await member.sync();
    const session = (await relay().fdb(network)).get(mac) ?? "";
    return { ...network, by, device, admin, member, session, mac };
  }

  /** Returns every byte of an answer except the date and the request's own id, with `id` removed. */
  async function answer(
    method: string,
    path: string,
    token: string,
    id: string,
    body?: unknown,
  ): Promise<string> {
    return await new Promise((resolve, reject) => {
      const asked = httpRequest(`${relay().url}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
      asked.once("error", reject);
      asked.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.once("end", () => {
          const headers = response.rawHeaders.filter(
            (_, i, all) => !["date", "x-request-id"].includes(all[i - (i % 2)]?.toLowerCase() ?? ""),
          );
          resolve(`${response.statusCode}\n${headers.join("\n")}\n${text}`.replaceAll(id, "ID"));
        });
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  it("is answered with exactly the bytes of a missing one", async () => {
    const own = await tenant();
    const foreign = await tenant();
    await using _own = own.member;
    await using _foreign = foreign.member;
    const path = `/tenants/${own.tenant}`;
    const network = `${path}/networks/${own.name}`;
    // The existing one, a missing one of the same length, and the place to insert it.
    const places: [string, string, string, (id: string) => unknown, string?][] = [
      ["DELETE", foreign.tokenId, "0123456789abcdef", (id) => `${path}/tokens/${id}`],
      ["DELETE", foreign.by.id, "0123456789abcdef", (id) => `${path}/invites/${id}`],
      ["DELETE", foreign.device.id, "0123456789abcdef", (id) => `${path}/devices/${id}`],
      ["GET", foreign.name, "net-000", (id) => `${path}/networks/${id}`],
      ["PATCH", foreign.name, "net-000", (id) => [`${path}/networks/${id}`, { settings: { ageing: 60 } }]],
      ["DELETE", foreign.name, "net-000", (id) => `${path}/networks/${id}`],
      ["GET", foreign.name, "net-000", (id) => `${path}/networks/${id}/fdb`],
      ["GET", foreign.name, "net-000", (id) => `${path}/networks/${id}/counters`],
      ["GET", foreign.name, "net-000", (id) => `${path}/networks/${id}/capture`],
      ["POST", foreign.name, "net-000", (id) => [`${path}/tokens`, { network: id }]],
      ["POST", foreign.name, "net-000", (id) => [`${path}/invites`, { network: id }]],
      [
        "POST",
        foreign.device.id,
        "0123456789abcdef",
        (id) => [`${network}/addresses`, { address: "10.0.0.9", device: id }],
      ],
      ["POST", foreign.session, "0123456789abcdef", (id) => [`${network}/fdb`, { mac: own.mac, port: id }]],
      [
        "POST",
        `of-${foreign.tenant}`,
        "of-tenant-000",
        (id) => [`${network}/fdb`, { mac: own.mac, port: id }],
      ],
      ["DELETE", foreign.mac, "02:00:00:00:ff:ff", (id) => `${network}/fdb/${id}`],
      ["GET", foreign.mac, "02:00:00:00:ff:ff", (id) => `${network}/trace?from=${id}&to=${own.mac}`],
      ["GET", foreign.mac, "02:00:00:00:ff:ff", (id) => `${network}/trace?from=${own.mac}&to=${id}`],
      ["GET", `of-${foreign.tenant}`, "of-tenant-000", (id) => `${network}/trace?from=${id}&to=${own.mac}`],
      ["GET", foreign.session, "0123456789abcdef", (id) => `${network}/capture?vtep=${id}`],
      ["GET", foreign.tenant, "tenant-000", (id) => `/tenants/${id}/networks/${foreign.name}`],
      ["GET", foreign.tenant, "tenant-000", (id) => `/tenants/${id}/notices`],
      ["GET", foreign.tenant, "tenant-000", (id) => `/tenants/${id}/nothing`],
      ["DELETE", foreign.tenant, "tenant-000", (id) => `/tenants/${id}`],
    ];
    for (const [method, there, nowhere, at] of places) {
      const put = (id: string) => {
        const [where, body] = [at(id)].flat() as [string, unknown?];
        return answer(method, where, own.admin.token, id, body);
      };
      const asked = `${method} ${[at("ID")].flat()[0]}`;
      // Names differ in length, so byte counts are omitted.
      const [known, unknown] = [await put(there), await put(nowhere)].map((text) =>
        text.replace(/content-length\n\d+/i, "content-length"),
      );
      expect(known, asked).toBe(unknown);
      if (!asked.includes("/fdb/ID") && !asked.includes("trace?from=ID&to=02") && !asked.includes("&to=ID")) {
        expect(known, asked).toMatch(/^4\d\d/);
      }
    }
    // Everything still exists.
    await foreign.member.sync();
    await using device = await foreign.device.open();
    await device.control("welcome");
    expect(await relay().must("GET", `/tenants/${foreign.tenant}/invites`)).toHaveLength(1);
    expect((await relay().fdb(foreign)).get(foreign.mac)).toBe(foreign.session);
  });

  it("is useless in the tunnel: VNIs, device ids and tokens are answered like invented ones", async () => {
    const own = await tenant();
    const foreign = await tenant();
    await using _own = own.member;
    await using _foreign = foreign.member;
    for (const type of ["join", "leave", "register"]) {
      const answers: string[] = [];
      for (const vni of [foreign.vni, 16_000_001]) {
        own.member.say({ type, vni, endpoints: [] });
        answers.push(JSON.stringify(await own.member.control("error")).replaceAll(String(vni), "VNI"));
      }
      expect(answers[0], type).toBe(answers[1]);
    }
    const refusals: unknown[] = [];
    for (const id of [foreign.device.id, "0123456789abcdef"]) {
      await using client = await TunnelClient.open(relay().url);
      const { nonce } = await client.control("challenge");
      client.say(hello(own.device.auth(nonce, relay().url, id)));
      refusals.push(await client.ended());
    }
    expect(refusals[0]).toEqual(refusals[1]);
    // Frames to the other's network are treated like frames to a missing network.
    for (const vni of [foreign.vni, 16_000_001])
      await own.member.send(packet(vni, ethernet(BROADCAST, station(7))));
    await own.member.sync();
    await foreign.member.sync();
    expect(foreign.member.takeRecords()).toEqual([]);
  });

  it("admits no device: an invite's secret under another tenant's name is unknown", async () => {
    const own = await tenant();
    const foreign = await tenant();
    await using _own = own.member;
    await using _foreign = foreign.member;
    const answers: string[] = [];
    for (const told of [
      { tenant: own.tenant, invite: foreign.by.secret },
      { tenant: own.tenant, invite: "A".repeat(43) },
      { tenant: "nobody", invite: foreign.by.secret },
    ]) {
      const response = await new TestDevice(relay()).enrol(foreign.by, told);
      answers.push(`${response.status} ${await response.text()}`);
    }
    expect(answers[0]).toMatch(/^403 .*invite\.refused/);
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).toBe(answers[0]);
  });
});
