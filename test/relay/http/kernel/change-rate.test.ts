import { expect, it } from "vitest";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a change by a tenant's administrator", (runtime) => {
  const relay = sharedRelay(runtime);

  async function admin(limits: object = {}) {
    const network = await relay().network();
    const path = `/tenants/${network.tenant}`;
    const { token } = (await relay().must("POST", `${path}/admins`, {})) as { token: string };
    await relay().must("PATCH", `${path}/limits`, limits);
    return { ...network, path, admin: token };
  }

  it("is limited for each tenant, and tells when to try again", async () => {
    const { path, name, tenant, admin: token } = await admin({ changes_per_minute: 5 });
    const other = await admin();
    const create = () => relay().api("POST", `${path}/tokens`, { network: name }, token);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await create()).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201]);
    const refused = [
      await create(),
      await relay().api("DELETE", `${path}/networks/${name}`, undefined, token),
      // The audit log records it too.
      await relay().api("GET", `${path}/networks/${name}/capture`, undefined, token),
    ];
    for (const response of refused) {
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({
        code: "rate.limited",
        detail: `tenant '${tenant}' has reached its limit of 5 changes per minute`,
        hint: expect.stringMatching(/^Try again in \d+ s, or .*'changes_per_minute'/),
      });
    }
    expect((await relay().api("GET", `${path}/tokens`, undefined, token)).status).toBe(200);
    const theirs = await relay().api("POST", `${other.path}/tokens`, { network: other.name }, other.admin);
    expect(theirs.status).toBe(201);
    await relay().must("POST", `${path}/tokens`, { network: name });
    expect(await relay().must("GET", `${path}/notices`)).toMatchObject([
      { code: "limit.changes-per-minute" },
    ]);
  });

  it("does not count enrolments, which have their own limit per minute", async () => {
    const network = await admin({ changes_per_minute: 2 });
    const by = await invite(relay(), network, { uses: 9 });
    const first = await TestDevice.enrolled(relay(), by);
    await TestDevice.enrolled(relay(), by);
    const third = await new TestDevice(relay()).enrol(by);
    expect(third.status).toBe(429);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await third.json()).toMatchObject({ code: "rate.limited" });
    // The same device again changes nothing.
    expect((await first.enrol(by)).status).toBe(201);
  });

  it("is not limited for the relay's administrator, or for a tenant without the limit", async () => {
    const { path, name, admin: token } = await admin({ changes_per_minute: 0 });
    expect((await relay().api("POST", `${path}/tokens`, { network: name }, token)).status).toBe(429);
    await relay().must("POST", `${path}/tokens`, { network: name });
    await relay().must("PATCH", `${path}/limits`, { changes_per_minute: null });
    expect((await relay().api("POST", `${path}/tokens`, { network: name }, token)).status).toBe(201);
  });
});
