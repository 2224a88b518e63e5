import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DeviceStore, relayBase } from "../../../../desktop/agent/identity/device-store.ts";
import { Fault } from "../../../../shared/values/fault.ts";

const RELAY = new URL("https://relay.example");
const enrolment = { device: "d1", name: "lab-pc", networks: [{ name: "lan", vni: 101 }] };

let state: string;
let store: DeviceStore;
beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), "laneway-devices-")), "state");
  store = new DeviceStore(state);
});
afterEach(() => rmSync(join(state, ".."), { recursive: true, force: true }));

it("creates one key for each relay and tenant, readable only by its owner", () => {
  const first = store.take(RELAY, "acme");
  expect(new DeviceStore(state).take(RELAY, "acme").key.publicKey).toBe(first.key.publicKey);
  const keys = [
    first,
    store.take(RELAY, "other"),
    store.take(new URL("https://relay.example/below"), "acme"),
    store.take(new URL("http://relay.example"), "acme"),
  ].map(({ key }) => key.publicKey);
  expect(new Set(keys).size).toBe(4);
  expect(statSync(state).mode & 0o777).toBe(0o700);
  expect(statSync(join(state, "devices")).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(state, "devices"))) {
    expect(statSync(join(state, "devices", name)).mode & 0o777).toBe(0o600);
  }
});

it("recognises a relay by any spelling of its URL", () => {
  const { key } = store.take(new URL("https://Relay.example:443/some//?a=b#v1.acme.x"), "acme");
  expect(store.take(new URL("https://relay.example/some"), "acme").key.publicKey).toBe(key.publicKey);
  expect(relayBase(new URL("https://relay.example/")).href).toBe("https://relay.example/");
});

it("lists enrolled devices, and not those with only a key", () => {
  expect(store.enrolled()).toEqual([]);
  const device = store.take(RELAY, "acme");
  expect(store.enrolled()).toEqual([]);
  store.save({ ...device, enrolment });
  const [kept, ...others] = new DeviceStore(state).enrolled();
  expect(others).toEqual([]);
  expect(kept).toMatchObject({ tenant: "acme", enrolment });
  expect(kept?.relay.href).toBe("https://relay.example/");
  expect(kept?.key.publicKey).toBe(device.key.publicKey);
  expect(statSync(store.file(RELAY, "acme")).mode & 0o777).toBe(0o600);
  expect(store.take(RELAY, "acme").enrolment).toEqual(enrolment);
});

it.each([
  ["nothing", ""],
  ["something that is no JSON", "{"],
  ["another's record", '{"version":2}'],
])("names a record that is %s, without its content", (_what, text) => {
  store.take(RELAY, "acme");
  const file = store.file(RELAY, "acme");
  writeFileSync(file, text);
  expect(() => store.enrolled()).toThrow(`'${file}' is not a device's record`);
});

it("does not show the key of a damaged record", () => {
  store.take(RELAY, "acme");
  const file = store.file(RELAY, "acme");
  const { private_key } = JSON.parse(readFileSync(file, "utf8")) as { private_key: string };
  writeFileSync(file, readFileSync(file, "utf8").replace("private_key", 'x": 1 "private_key'));
  try {
    store.enrolled();
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.code).toBe("state.corrupt");
    expect(error.message + error.hint + error.stack + String(error.cause)).not.toContain(
      private_key.slice(-40),
    );
  }
});

it("reports the directory that is not writable", () => {
  const file = join(state, "..", "file");
  writeFileSync(file, "");
  chmodSync(file, 0o600);
  expect(() => new DeviceStore(file).take(RELAY, "acme")).toThrow(
    `the state directory '${file}' can't be used`,
  );
  expect(() => new DeviceStore(file).enrolled()).toThrow(/can't be read/);
});
