import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Invite, invite, TestDevice, type Told } from "../../../support/relay/device.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";
import { encode, smallOrderKeys } from "../../../support/relay/small-order.ts";

underEachRuntime("enrolment", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Expects a refusal; resolves to the problem's code. */
  async function refused(response: Response, status = 403): Promise<string> {
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    return ((await response.json()) as { code: string }).code;
  }

  it("admits a device by a link, which names the relay, the tenant and a secret of 32 bytes", async () => {
    const network = await relay().network();
    const by = await invite(relay(), network);
    expect(by.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/join#v1\.[a-z0-9-]+\.[A-Za-z0-9_-]{43}$/);
    expect(new URL(by.link).origin).toBe(relay().url);
    const device = new TestDevice(relay());

    const response = await device.enrol(by, { name: "lab-pc" });

    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      device: expect.stringMatching(/./),
      tenant: network.tenant,
      name: "lab-pc",
      networks: [{ name: network.name, vni: network.vni }],
    });
    expect(await relay().must("GET", `/tenants/${network.tenant}/devices`)).toMatchObject([
      { id: device.id, name: "lab-pc", tenant: network.tenant, networks: [network.name], online: false },
    ]);
    expect(await relay().must("GET", `/tenants/${network.tenant}/invites`)).toMatchObject([
      { id: by.id, network: network.name, uses: 1, used: 1 },
    ]);
  });

  it("uses the public URL in links and signatures if it is set", async () => {
    await using elsewhere = await RelayProcess.start(runtime, {
      args: ["--public-url", "https://relay.example/lan/"],
    });
    const by = await invite(elsewhere, { tenant: "default", name: "lan" });
    expect(by.link).toMatch(/^https:\/\/relay\.example\/lan\/join#v1\.default\./);
    expect(by).toMatchObject({ app_link: by.link.replace("https", "laneway") });
    const device = new TestDevice(elsewhere);
    expect(await refused(await device.enrol(by))).toBe("enrol.bad-proof");
    expect((await device.enrol(by, { origin: "https://relay.example" })).status).toBe(201);
  });

  it("with the same key again gives the same device, and counts once", async () => {
    const by = await invite(relay(), await relay().network());
    const device = new TestDevice(relay());
    const first = (await (await device.enrol(by)).json()) as object;
    const again = await device.enrol(by);
    expect(again.status).toBe(201);
    expect(await again.json()).toEqual(first);
    expect(await relay().must("GET", `/tenants/${by.tenant}/invites`)).toMatchObject([{ used: 1 }]);
  });

  it("with another invite adds a network to the device", async () => {
    const one = await relay().network();
    const other = await relay().network({ tenant: one.tenant });
    const device = await TestDevice.enrolled(relay(), await invite(relay(), one));
    const { id } = device;
    const response = await device.enrol(await invite(relay(), other));
    expect(device.id).toBe(id);
    expect(((await response.json()) as { networks: unknown }).networks).toEqual(
      [one, other].map(({ name, vni }) => ({ name, vni })),
    );
    expect(await relay().must("GET", `/tenants/${one.tenant}/devices`)).toHaveLength(1);
  });

  it("admits as many devices as the invite allows, even if all come at once", async () => {
    const by = await invite(relay(), await relay().network(), { uses: 3 });
    const devices = Array.from({ length: 8 }, () => new TestDevice(relay()));
    const responses = await Promise.all(devices.map((device) => device.enrol(by)));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(3);
    for (const response of responses) {
      if (response.status !== 201) expect(await refused(response)).toBe("invite.used-up");
    }
    expect(await relay().must("GET", `/tenants/${by.tenant}/devices`)).toHaveLength(3);
  });

  it("refuses an expired, used-up or revoked invite, and gives the reason", async () => {
    const network = await relay().network();
    const usedUp = await invite(relay(), network);
    await TestDevice.enrolled(relay(), usedUp);
    const revoked = await invite(relay(), network);
    await relay().must("DELETE", `/tenants/${network.tenant}/invites/${revoked.id}`);
    const expired = await invite(relay(), network, { expires_in: 1 });
    await delay(2_000);
    const codes: string[] = [];
    for (const by of [usedUp, revoked, expired]) {
      codes.push(await refused(await new TestDevice(relay()).enrol(by)));
    }
    expect(codes).toEqual(["invite.used-up", "invite.revoked", "invite.expired"]);
    expect(await relay().must("GET", `/tenants/${network.tenant}/devices`)).toHaveLength(1);
  });

  it("answers the same for a wrong secret and for one of another tenant", async () => {
    const by = await invite(relay(), await relay().network());
    const stranger = await relay().network();
    const device = new TestDevice(relay());
    const answers: unknown[] = [];
    for (const told of [
      { invite: "A".repeat(43) },
      { tenant: stranger.tenant },
      { tenant: "nobody" },
      { invite: "" },
    ]) {
      const response = await device.enrol(by, told);
      expect(response.status).toBe(403);
      answers.push(await response.json());
    }
    expect(answers[0]).toMatchObject({ code: "invite.refused" });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it.each<[string, (device: TestDevice, by: Invite) => Told]>([
    ["for another relay", () => ({ origin: "https://other.example" })],
    ["of another key", (_, by) => ({ proof: new TestDevice(relay()).sign(by.secret) })],
    ["of something else", (device) => ({ proof: device.sign("laneway.enrol.v1") })],
    ["that is none", () => ({ proof: "" })],
  ])("refuses a proof %s", async (_what, lie) => {
    const by = await invite(relay(), await relay().network());
    const device = new TestDevice(relay());
    expect(await refused(await device.enrol(by, lie(device, by)))).toBe("enrol.bad-proof");
    expect(await relay().must("GET", `/tenants/${by.tenant}/devices`)).toEqual([]);
    expect((await device.enrol(by)).status).toBe(201);
  });

  it("refuses keys of small order and keys in another encoding, whatever their proof", async () => {
    const by = await invite(relay(), await relay().network());
    const device = new TestDevice(relay());
    // R = the identity and S = 0: some runtimes accept it as the identity's signature of any message.
    const proof = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]).toString("base64url");
    for (const key of [...smallOrderKeys(), encode(2n ** 255n - 1n), "", "AAAA", `${device.publicKey}=`]) {
      expect(await refused(await device.enrol(by, { public_key: key, proof }), 400)).toBe("enrol.bad-key");
    }
    expect(await relay().must("GET", `/tenants/${by.tenant}/devices`)).toEqual([]);
  });

  it.each([
    { name: "" },
    { name: "   " },
    { name: "a\u001b[31mb" },
    { name: "a\nb" },
    { name: "x".repeat(65) },
    { tenant: 5 as unknown as string },
  ])("refuses %j, and quotes no secret", async (told) => {
    const by = await invite(relay(), await relay().network());
    const response = await new TestDevice(relay()).enrol(by, told);
    const text = await response.clone().text();
    expect(await refused(response, 400)).toBe("request.invalid");
    expect(text).not.toContain(by.secret);
  });

  it("does not readmit a revoked device's key by the invite that it used", async () => {
    const network = await relay().network();
    const by = await invite(relay(), network, { uses: 5 });
    const device = await TestDevice.enrolled(relay(), by);
    await relay().must("DELETE", `/tenants/${network.tenant}/devices/${device.id}`);
    expect(await refused(await device.enrol(by))).toBe("enrol.device-revoked");
    const { id } = device;
    expect((await device.enrol(await invite(relay(), network))).status).toBe(201);
    expect(device.id).not.toBe(id);
  });

  it("stores no secret in the data directory or the log", async () => {
    await using own = await RelayProcess.start(runtime);
    const by = await invite(own, { tenant: "default", name: "lan" });
    await TestDevice.enrolled(own, by);
    const { token } = (await own.must("POST", "/tenants/default/admins", {})) as { token: string };
    for (const file of readdirSync(own.data)) {
      const bytes = readFileSync(join(own.data, file));
      for (const secret of [by.secret, token]) {
        expect(bytes.includes(Buffer.from(secret)), file).toBe(false);
      }
    }
    const { stdout, stderr } = await own.stop();
    for (const secret of [by.secret, token]) expect(stdout + stderr).not.toContain(secret);
  });

  it("limits the size of the body", async () => {
    const response = await fetch(`${relay().url}/v1/enrol`, { method: "POST", body: "x".repeat(100_000) });
    expect(await refused(response, 413)).toBe("request.too-big");
  });

  it("works below any prefix", async () => {
    const response = await fetch(`${relay().url}/lan/v1/enrol`, { method: "POST", body: "{}" });
    expect(await refused(response, 400)).toBe("request.invalid");
  });
});
