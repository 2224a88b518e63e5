import { Validator } from "@seriousme/openapi-schema-validator";
import { Hono } from "hono";
import { pino } from "pino";
import { expect, it } from "vitest";
import { z } from "zod";
import { GuessLimiter } from "../../../relay/arrivals/guess-limiter.ts";
import { SignIns } from "../../../relay/first-start/sign-ins.ts";
import { httpApp } from "../../../relay/http/app.ts";
import type { ApiEnv } from "../../../relay/http/kernel/access.ts";
import { Hub } from "../../../relay/hub/hub.ts";
import { UnderlayPorts } from "../../../relay/hub/ports/underlay-ports.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";
import { nodeUnderlay } from "../../../relay/underlay/node-underlay.ts";
import { type Exchange, ROUTES } from "../../../shared/api/routes.ts";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../support/relay/client.ts";
import { invite, TestDevice } from "../../support/relay/device.ts";
import { arpRequest, igmpReport } from "../../support/relay/neighbour-frames.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";
import { freeUdpPort } from "../../support/relay/udp-port.ts";
import { type ApiDocument, DocumentedApi } from "./documented.ts";

/** Returns all routes of the app except pages, written as the document writes paths. */
function routes(): string[] {
  const store = SqliteStore.open(":memory:");
  const tenants = new Tenants(store, () => 0);
  const log = pino({ enabled: false });
  const clock = () => 0;
  const guesses = new GuessLimiter(clock);
  const hub = new Hub({ tenants, log, clock, guesses });
  const ports = new UnderlayPorts({ tenants, hub, underlay: nodeUnderlay, log, clock });
  try {
    const page = new Hono<ApiEnv>();
    const signIns = new SignIns("", () => 0);
    const backup = () => new Uint8Array();
    const app = httpApp({
      tenants,
      hub,
      ports,
      log,
      clock,
      guesses,
      signIns,
      page,
      backup,

      adminHash: "",
    });
    return app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  } finally {
    hub.drain();
    void ports.close();
    store.close();
  }
}

/** Statuses of malformed requests and of a broken relay. */
const NOT_SEEN = new Set(["openTunnel 101", "showReadiness 503"]);

/** Returns the name of a schema, or of a list's items. */
function nameOf(schema: unknown): string | undefined {
  const { $ref, items } = (schema ?? {}) as { $ref?: string; items?: unknown };
  return items === undefined ? $ref?.replace("#/components/schemas/", "") : nameOf(items);
}

underEachRuntime("the API's document", (runtime) => {
  const relay = sharedRelay(runtime);

  it("is OpenAPI 3.1 by a public validator, and public under any prefix", async () => {
    for (const prefix of ["", "/lan"]) {
      const response = await fetch(`${relay().url}${prefix}/v1/openapi.json`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      const document = (await response.json()) as Record<string, unknown>;
      const validator = new Validator();
      expect(await validator.validate(document)).toEqual({ valid: true });
      expect(validator.version).toBe("3.1");
      expect(document["servers"]).toEqual([{ url: relay().url }]);
    }
  });

  it("describes exactly the existing routes", async () => {
    const { operations } = await DocumentedApi.of(relay());
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routes().sort());
  });

  it("has the routes of the typed client, with their schemas", async () => {
    const response = await fetch(`${relay().url}/v1/openapi.json`);
    const { paths } = (await response.json()) as ApiDocument;
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security, requestBody, responses, parameters = [] }]) => {
        const succeeded = Object.keys(responses).find((status) => status < "400") ?? "";
        const { content } = responses[succeeded] ?? {};
        if (security.length === 0 || (content !== undefined && !("application/json" in content))) return [];
        const query = parameters.filter(({ in: where }) => where === "query").map(({ name }) => name);
        return {
          route: `${method} ${path}`,
          query: query.filter((name) => !["limit", "cursor"].includes(name)),
          body: nameOf(requestBody?.content["application/json"]?.schema),
          answer: nameOf(content?.["application/json"]?.schema),
        };
      }),
    );
    const routes = Object.entries(ROUTES).flatMap(([path, methods]) =>
      Object.entries<Exchange>(methods).map(([method, { query, body, answer, row }]) => ({
        route: `${method} ${path}`,
        query: query instanceof z.ZodObject ? Object.keys(query.shape) : [],
        body: body?.meta()?.id,
        answer: (answer ?? row)?.meta()?.id,
      })),
    );
    const byRoute = (one: { route: string }, other: { route: string }) => (one.route < other.route ? -1 : 1);
    expect(routes.sort(byRoute)).toEqual(documented.sort(byRoute));
  });

  it("describes each operation, its callers and its answers", async () => {
    const { document, operations } = await DocumentedApi.of(relay());
    const tags = new Set(document.tags.map(({ name }) => name));
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { method, path, operation } of operations) {
      const { operationId, summary, parameters = [], responses, security } = operation;
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(summary, operationId).toMatch(/^[A-Z].{5,}$/);
      for (const tag of operation.tags) expect(tags, operationId).toContain(tag);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const told = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(told, operationId).toEqual(inPath);
      if (security.length > 0) expect(responses["401"], operationId).toBeDefined();
      if (method === "POST" && security.length > 0) {
        expect(
          parameters.map(({ name }) => name),
          operationId,
        ).toContain("Idempotency-Key");
      }
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description, `${operationId} ${status}`).toMatch(/./);
        if (Number(status) >= 400 && status !== "426" && status !== "503") {
          expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
        }
      }
    }
  });

  it("describes every success, and the answers match", async () => {
    const api = await DocumentedApi.of(relay());
    const tenant = "documented";
    const network = "lab";
    const name = { body: { name: tenant } };
    await api.ask("createTenant", name);
    await api.ask("createTenant", name);
    await api.ask("listTenants", { query: { limit: "1" } });
    const params = { tenant, network };
    const made = await api.ask("createNetwork", {
      params: { tenant },
      body: { name: network, subnet: "10.20.0.0/24", settings: { ageing: 60 } },
    });
    const { vni } = made.json as { vni: number };
    await api.ask("createNetwork", { params: { tenant }, body: { name: network } });
    await api.ask("listNetworks", { params: { tenant } });
    await api.ask("showNetwork", { params });
    await api.ask("changeNetwork", { params, body: { settings: { snooping: true } } });

    const admin = await api.ask("createAdmin", {
      params: { tenant },
      body: { name: "ann", expires_in: 3_600 },
    });
    const { id: adminId, token: adminToken } = admin.json as { id: string; token: string };
    await api.ask("showMe");
    await api.ask("showMe", { token: adminToken });
    await api.ask("showMe", { token: "wrong" });
    await api.ask("createTenant", { body: { name: "mine" }, token: adminToken });
    await api.ask("listAdmins", { params: { tenant } });
    const signIn = (await api.ask("createSignIn", { body: {} })).json as { link: string };
    const code = signIn.link.split("#sign-in=")[1];
    await api.ask("signIn", { body: { code } });
    await api.ask("signIn", { body: { code } });

    const request = { params: { tenant }, body: { network, roles: ["router"], expires_in: 60 } };
    const token = (await api.ask("createToken", request)).json as { id: string; token: string };
    await api.ask("createToken", { params: { tenant }, body: { all_networks: true } });
    await api.ask("createToken", { params: { tenant }, body: {} });
    await api.ask("createToken", { params: { tenant }, body: { network: "none" } });
    await api.ask("listTokens", { params: { tenant } });

    const invited = await api.ask("createInvite", { params: { tenant }, body: { network, uses: 2 } });
    const { id: inviteId } = invited.json as { id: string };
    await api.ask("listInvites", { params: { tenant } });

    await using client = await TunnelClient.joined(relay().url, token.token, vni, { name: "here" });
    await client.send(packet(vni, ethernet(BROADCAST, station(1))));
    await client.send(packet(vni, arpRequest(station(1), "10.20.0.200", "10.20.0.201")));
    await client.send(packet(vni, igmpReport(station(1), "239.1.2.3")));
    await client.sync();
    for (const id of ["listFdb", "listGroups", "listNeighbours", "listCounters"]) {
      const { json } = await api.ask(id, { params });
      expect((json as unknown[]).length, id).toBeGreaterThan(0);
    }
    await api.ask("pinMac", { params, body: { mac: station(2), port: "here" } });
    await api.ask("pinMac", { params, body: { mac: station(2), port: "nowhere" } });
    await api.ask("unpinMac", { params: { ...params, mac: station(2) } });
    await api.ask("traceFrame", { params, query: { from: station(1), to: "broadcast" } });
    await api.ask("traceFrame", { params, query: { from: "nobody", to: "broadcast" } });
    const { response: capture } = await api.ask("captureNetwork", { params, query: { seconds: "5" } });
    await capture.body?.cancel();

    const remotes = ["127.0.0.2:4790"];
    const free = async () => `127.0.0.1:${await freeUdpPort()}`;
    const port = { kind: "vxlan", listen: await free(), remotes };
    const { id: portId } = (await api.ask("createPort", { params, body: port })).json as { id: string };
    await api.ask("createPort", { params, body: { ...port, listen: "192.0.2.1:4790" } });
    await api.ask("createPort", { params, body: { kind: "vxlan" } });
    await api.ask("createPort", { params, body: port, token: adminToken });
    await api.ask("createPort", { params, body: { kind: "gre", listen: await free(), remotes } });
    await api.ask("createPort", {
      params,
      body: { kind: "nvgre", vsid: 5_000, listen: await free(), remotes },
    });
    expect((await api.ask("listPorts", { params, query: { limit: "1" } })).json).toHaveLength(1);
    await api.ask("showPort", { params: { ...params, port: portId } });
    await api.ask("deletePort", { params: { ...params, port: portId } });
    await api.ask("deletePort", { params: { ...params, port: portId } });

    await api.ask("takeAddress", { params, body: { address: "10.20.0.9" } });
    await api.ask("takeAddress", { params, body: { address: "10.20.0.9" } });
    await api.ask("takeAddress", { params, body: { address: "10.99.0.9" } });
    await api.ask("listAddresses", { params });
    await api.ask("releaseAddress", { params: { ...params, address: "10.20.0.9" } });
    await api.ask("releaseAddress", { params: { ...params, address: "10.20.0.9" } });

    await api.ask("showLimits", { params: { tenant } });
    await api.ask("showUsage", { params: { tenant } });
    await api.ask("changeLimits", { params: { tenant }, body: { networks: 1 } });
    await api.ask("changeLimits", { params: { tenant }, body: { networks: 2 }, token: adminToken });
    await api.ask("createNetwork", { params: { tenant }, body: { name: "more" } });
    await api.ask("showNetworkLimits", { params });
    const ofOne = { network_devices: 5, network_macs: "inherit", network_sessions: null };
    await api.ask("changeNetworkLimits", { params, body: ofOne });
    expect((await api.ask("listNotices", { params: { tenant } })).json).toHaveLength(1);

    const device = new TestDevice(relay());
    const by = await invite(relay(), { tenant, name: network });
    const enrolment = await device.enrol(by);
    expect(enrolment.status).toBe(201);
    await api.ask("enrol", {
      body: { tenant, invite: "wrong", name: "x", public_key: device.publicKey, proof: "" },
    });
    await api.ask("enrol", { body: { tenant, invite: "wrong", name: "x", public_key: "", proof: "" } });
    await api.ask("enrol", { body: {} });
    const again = device.enrolment(by);
    await api.ask("enrol", { body: again });
    await api.ask("listDevices", { params: { tenant } });
    await api.ask("revokeDevice", { params: { tenant, device: device.id } });
    await api.ask("revokeDevice", { params: { tenant, device: device.id } });
    await api.ask("enrol", { body: again });

    await api.ask("listAuditEntries", { params: { tenant }, query: { since: "3600", order: "newest" } });
    await api.ask("listAuditEntries", { params: { tenant }, query: { since: "yesterday" } });
    await api.ask("listRelayAuditEntries");
    await api.ask("revokeInvite", { params: { tenant, invite: inviteId }, query: { devices: "true" } });
    await api.ask("revokeToken", { params: { tenant, token: token.id } });
    await api.ask("revokeAdmin", { params: { tenant, admin: adminId } });
    await api.ask("deleteNetwork", { params });
    await api.ask("showNetwork", { params });
    await api.ask("deleteTenant", { params: { tenant } });
    await api.ask("listNetworks", { params: { tenant } });
    for (const id of ["showHealth", "showReadiness", "showDocument", "backUp", "openTunnel"])
      await api.ask(id);

    const told = api.operations.flatMap(({ operation: { operationId, responses } }) =>
      Object.keys(responses)
        .filter((status) => Number(status) < 400)
        .map((status) => `${operationId} ${status}`),
    );
    expect(told.filter((one) => !api.seen.has(one) && !NOT_SEEN.has(one))).toEqual([]);
  });
});
