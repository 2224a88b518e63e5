import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("an answer of the API", (runtime) => {
  const relay = sharedRelay(runtime);

  it("is never stored, nor mistaken for anything else", async () => {
    const { tenant, name } = await relay().network();
    const path = `/tenants/${tenant}`;
    const answers: [number, Response][] = [
      [200, await relay().api("GET", "/tenants")],
      [200, await relay().api("GET", "/openapi.json")],
      [200, await relay().api("GET", "/backup")],
      [201, await relay().api("POST", `${path}/invites`, { network: name })],
      [201, await relay().api("POST", `${path}/tokens`, { network: name })],
      [204, await relay().api("DELETE", `${path}/networks/${name}`)],
      [400, await relay().api("POST", `${path}/tokens`, {})],
      [401, await relay().api("GET", "/tenants", undefined, "wrong")],
      [404, await relay().api("GET", `${path}/networks/${name}`)],
      [404, await relay().api("GET", "/nothing")],
      [409, await relay().api("POST", "/tenants", { name: tenant })],
      [413, await relay().api("POST", "/tenants", { name: "n".repeat(100_000) })],
      [400, await relay().api("POST", "/enrol", {})],
    ];
    for (const [status, response] of answers) {
      await response.body?.cancel();
      expect(response.status, response.url).toBe(status);
      expect(response.headers.get("x-content-type-options"), `${status}`).toBe("nosniff");
      expect(response.headers.get("cache-control"), `${status}`).toBe("no-store");
    }
  });

  it.each(["Bearer ", "Bearer", "bearer  ", "Basic eDp5", "", undefined])(
    "is 401 for the Authorization %j, and names the scheme",
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      const asked = request(`${relay().url}/v1/tenants`, { headers }).end();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      expect(response.statusCode).toBe(401);
      expect(response.headers["www-authenticate"]).toBe("Bearer");
      expect(JSON.parse(await text(response))).toMatchObject({ code: "admin.refused" });
    },
  );

  it("depends on the token in X-Laneway-Token if a proxy in front of the relay uses Authorization", async () => {
    const { tenant } = await relay().network();
    const made = (await relay().must("POST", `/tenants/${tenant}/admins`, {})) as { token: string };
    const statusOf = async (headers: Record<string, string>) => {
      const response = await fetch(`${relay().url}/v1/me`, { headers });
      await response.body?.cancel();
      return response.status;
    };
    const ours = { "x-laneway-token": made.token };
    expect(await statusOf(ours)).toBe(200);
    expect(await statusOf({ ...ours, authorization: "Basic eDp5" })).toBe(200);
    expect(await statusOf({ ...ours, authorization: "Bearer wrong" })).toBe(401);
    expect(await statusOf({ "x-laneway-token": "wrong" })).toBe(401);
    expect(await statusOf({ "x-laneway-token": "" })).toBe(401);
  });

  it("has identical bytes for another tenant's resources and for missing ones", async () => {
    const own = await relay().network();
    const foreign = await relay().network();
    const made = (await relay().must("POST", `/tenants/${own.tenant}/admins`, {})) as { token: string };
    const theirs = (await relay().must("POST", `/tenants/${foreign.tenant}/admins`, {})) as { id: string };
    const by = await invite(relay(), foreign, { uses: 2 });
    const device = await TestDevice.enrolled(relay(), by);
    await using client = await TunnelClient.joined(relay().url, foreign.token, foreign.vni);
    const numbered = { name: "numbered", subnet: "10.20.0.0/24" };
    await relay().must("POST", `/tenants/${own.tenant}/networks`, numbered);

    const counters = `/tenants/${foreign.tenant}/networks/${foreign.name}/counters`;
    const [counter] = (await relay().must("GET", counters)) as { port: string }[];

    const path = `/tenants/${own.tenant}`;
    const ids: [string, string, string, (id: string) => [string, unknown?]][] = [
      ["DELETE", foreign.tokenId, "0".repeat(16), (id) => [`${path}/tokens/${id}`]],
      ["DELETE", by.id, "0".repeat(16), (id) => [`${path}/invites/${id}`]],
      ["DELETE", by.id, "0".repeat(16), (id) => [`${path}/invites/${id}?devices=false`]],
      ["DELETE", device.id, "0".repeat(16), (id) => [`${path}/devices/${id}`]],
      ["DELETE", theirs.id, "0".repeat(16), (id) => [`${path}/admins/${id}`]],
      ["GET", foreign.name, "nobodys", (id) => [`${path}/networks/${id}`]],
      ["DELETE", foreign.name, "nobodys", (id) => [`${path}/networks/${id}`]],
      ["PATCH", foreign.name, "nobodys", (id) => [`${path}/networks/${id}`, { settings: {} }]],
      ["GET", foreign.name, "nobodys", (id) => [`${path}/networks/${id}/counters`]],
      ["GET", foreign.name, "nobodys", (id) => [`${path}/networks/${id}/capture`]],
      ["POST", foreign.name, "nobodys", (id) => [`${path}/tokens`, { network: id }]],
      ["POST", foreign.name, "nobodys", (id) => [`${path}/tokens`, { network: own.name, networks: [id] }]],
      ["POST", foreign.name, "nobodys", (id) => [`${path}/invites`, { network: id }]],
      [
        "POST",
        device.id,
        "0".repeat(16),
        (id) => [`${path}/networks/numbered/addresses`, { address: "10.20.0.9", device: id }],
      ],
      [
        "GET",
        counter?.port ?? "",
        "0".repeat(16),
        (id) => [`${path}/networks/${own.name}/capture?vtep=${id}`],
      ],
    ];
    for (const [method, theirId, nobodys, asking] of ids) {
      for (const token of [made.token, relay().adminToken]) {
        const answers: unknown[] = [];
        for (const id of [theirId, nobodys]) {
          const [to, body] = asking(id);
          const response = await relay().api(method, to, body, token);
          const headers = Object.fromEntries(response.headers);
          delete headers["date"];
          delete headers["content-length"];
          // Each request has an id of its own.
          const requestId = headers["x-request-id"] ?? "";
          delete headers["x-request-id"];
          const answer = (await response.text()).replaceAll(id, "ID").replaceAll(requestId, "REQUEST");
          answers.push({ status: response.status, headers, answer });
        }
        expect(answers[0], `${method} ${asking("ID")[0]}`).toEqual(answers[1]);
      }
    }
    await client.sync();
  });
});
