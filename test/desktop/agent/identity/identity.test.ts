import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defaultStateDirectory, deviceId, deviceMac } from "../../../../desktop/agent/identity/identity.ts";
import { isGroup } from "../../../../shared/frame/mac.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-identity-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("is created once, readable only by its owner", () => {
  const state = join(directory, "new", "state");
  const id = deviceId(state);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(deviceId(state)).toBe(id);
  expect(deviceId(join(directory, "other"))).not.toBe(id);
  expect(statSync(join(state, "device.id")).mode & 0o777).toBe(0o600);
});

it("reports the directory where it can't be stored", () => {
  const file = deviceId(directory) && join(directory, "device.id");
  expect(() => deviceId(join(file, "below"))).toThrow(/device\.id\/below' can't be used/);
});

it("gives a stable, locally administered unicast MAC address for each network", () => {
  const mac = deviceMac("device", "lan\n101");
  expect(deviceMac("device", "lan\n101")).toBe(mac);
  expect(deviceMac("device", "lab\n102")).not.toBe(mac);
  expect(deviceMac("other", "lan\n101")).not.toBe(mac);
  for (let i = 0; i < 100; i++) {
    const some = deviceMac(String(i), "lan");
    expect(isGroup(some)).toBe(false);
    expect(Math.floor(some / 2 ** 41) % 2).toBe(1);
    expect(some).toBeLessThan(2 ** 48);
  }
});

it("is stored where the environment says", () => {
  expect(defaultStateDirectory({ LANEWAY_STATE: "/some/where" })).toBe("/some/where");
});
