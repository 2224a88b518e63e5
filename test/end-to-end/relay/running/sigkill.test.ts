import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { type Invite, invite, TestDevice } from "../../../support/relay/device.ts";
import {
  RelayProcess,
  type Runtime,
  runToEnd,
  temporaryDirectory,
} from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";
import { repeats } from "../../../support/repeats.ts";

/** Number of kills: many under Node, some under Deno to confirm the same behaviour. */
const KILLS = { Node: repeats(10, 20), Deno: 5 } as const;

/** Maximum time until a kill, in milliseconds. */
const LIFE_MS = 300;

interface Row {
  readonly id: string;
  readonly name: string;
}

/** The requests of clients, and which of them were acknowledged. */
class Ledger {
  readonly tokens = new Set<string>();
  readonly invites = new Set<string>();
  /** IDs by idempotency key. */
  readonly devices = new Map<string, string>();
  /** With the invite that the relay makes at its first start, if that was not killed before. */
  readonly asked = { tokens: 0, invites: 1, devices: 0 };
  /** Enrolments with an unknown outcome. */
  readonly unanswered = new Set<TestDevice>();
}

underEachRuntime("a relay that is killed by SIGKILL repeatedly", (runtime) => {
  const kills = KILLS[runtime.name as keyof typeof KILLS];

  it("keeps everything acknowledged exactly once, and an intact database", { timeout: 240_000 }, async () => {
    const data = temporaryDirectory();
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    await killAtStart(runtime, data);
    const ledger = new Ledger();
    let by: Invite | undefined;
    let listen = "127.0.0.1:0";
    for (let kill = 0; kill < kills; kill++) {
      const relay = await RelayProcess.start(runtime, { data, listen });
      // The origin stays the same, because devices sign for it.
      listen = new URL(relay.url).host;
      try {
        if (by === undefined) {
          await relay.must("POST", "/tenants/default/networks", { name: "office", subnet: "10.0.0.0/8" });
          by = await invite(relay, { tenant: "default", name: "office" }, { uses: 1_000_000 });
          ledger.invites.add(by.id);
          ledger.asked.invites++;
        }
        await askAgain(ledger, by);
        await verify(relay, ledger);
        const work = [
          createTokens(relay, ledger),
          createInvites(relay, ledger),
          enrolDevices(relay, ledger, by),
        ];
        await delay(Math.random() * LIFE_MS);
        await relay.stop("SIGKILL");
        await Promise.all(work);
      } finally {
        await relay.stop("SIGKILL");
      }
      expectWhole(data);
    }
    await using relay = await RelayProcess.start(runtime, { data, listen });
    await verify(relay, ledger);
    expect(ledger.tokens.size).toBeGreaterThan(0);
    expect(ledger.invites.size).toBeGreaterThan(1);
    expect(ledger.devices.size).toBeGreaterThan(0);
  });
});

/** Kills the relay while it creates its first tenant and network, or before. */
async function killAtStart(runtime: Runtime, data: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await runToEnd(runtime, ["--json", "--listen", "127.0.0.1:0", "--data", data], (child) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), 200 + Math.random() * 600);
      child.once("close", () => clearTimeout(timer));
    });
  }
}

/** Sends requests until the relay is gone; resolves to undefined then. */
async function untilGone(ask: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await ask();
    } catch (error) {
      // Expected when a connection is cut; anything else is an error.
      if (error instanceof TypeError || error instanceof DOMException) return;
      throw error;
    }
  }
}

async function createTokens(relay: RelayProcess, ledger: Ledger): Promise<void> {
  const token = relay.adminToken;
  await untilGone(async () => {
    const name = `token-${ledger.asked.tokens++}`;
    const response = await relay.api("POST", "/tenants/default/tokens", { network: "lan", name }, token);
    const made = (await response.json()) as Row;
    expect(response.status, JSON.stringify(made)).toBe(201);
    ledger.tokens.add(made.id);
  });
}

async function createInvites(relay: RelayProcess, ledger: Ledger): Promise<void> {
  const token = relay.adminToken;
  await untilGone(async () => {
    ledger.asked.invites++;
    const response = await relay.api("POST", "/tenants/default/invites", { network: "lan" }, token);
    const made = (await response.json()) as Row;
    expect(response.status, JSON.stringify(made)).toBe(201);
    ledger.invites.add(made.id);
  });
}

async function enrolDevices(relay: RelayProcess, ledger: Ledger, by: Invite): Promise<void> {
  await untilGone(async () => {
    const device = new TestDevice(relay);
    ledger.asked.devices++;
    ledger.unanswered.add(device);
    await enrol(device, by, ledger);
  });
}

/** A client without an answer repeats its request, and is admitted whether or not the first succeeded. */
async function askAgain(ledger: Ledger, by: Invite): Promise<void> {
  for (const device of ledger.unanswered) await enrol(device, by, ledger);
}

async function enrol(device: TestDevice, by: Invite, ledger: Ledger): Promise<void> {
  const response = await device.enrol(by, { name: device.publicKey });
  const made = (await response.json()) as { device: string };
  expect(response.status, JSON.stringify(made)).toBe(201);
  ledger.unanswered.delete(device);
  ledger.devices.set(device.publicKey, made.device);
}

/** Checks everything that was acknowledged. */
async function verify(relay: RelayProcess, ledger: Ledger): Promise<void> {
  const [tokens, invites, devices] = await Promise.all(
    ["tokens", "invites", "devices"].map((what) => everything<Row>(relay, `/tenants/default/${what}`)),
  );
  expectOnce(tokens, [...ledger.tokens], ledger.asked.tokens);
  expectOnce(invites, [...ledger.invites], ledger.asked.invites);
  expectOnce(devices, [...ledger.devices.values()], ledger.asked.devices);
  expect(new Set(tokens.map(({ name }) => name)).size).toBe(tokens.length);
  const keys = new Map(devices.map(({ name, id }) => [name, id]));
  expect(keys.size).toBe(devices.length);
  for (const [key, id] of ledger.devices) expect(keys.get(key)).toBe(id);
  // One use of the invite and one address for each device.
  const used = (invites as (Row & { used: number })[]).map(({ used }) => used);
  expect(used.reduce((sum, one) => sum + one, 0)).toBe(devices.length);
  const addresses = await everything<{ address: string; device: string }>(
    relay,
    "/tenants/default/networks/office/addresses",
  );
  const own = new Set(addresses.map(({ device }) => device));
  expect(own.size).toBe(addresses.length);
  for (const { id } of devices) expect(own.has(id)).toBe(true);
  // The audit log has one entry for each change.
  const audit = await everything<{ action: string; object: string }>(relay, "/tenants/default/audit");
  for (const [action, rows] of [
    ["token.create", tokens],
    ["invite.create", invites],
    ["device.enrol", devices],
  ] as const) {
    const objects = audit.filter((entry) => entry.action === action).map(({ object }) => object);
    expect(objects.sort()).toEqual(rows.map(({ id }) => id).sort());
  }
}

/** Checks that all acknowledged items exist once, and that no unrequested ones exist. */
function expectOnce(
  rows: readonly Row[] | undefined,
  acknowledged: readonly string[],
  asked: number,
): asserts rows {
  const ids = new Set(rows?.map(({ id }) => id));
  expect(ids.size).toBe(rows?.length);
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  expect(ids.size).toBeLessThanOrEqual(asked);
}

/** Returns a whole list, page by page (RFC 8288). */
async function everything<T>(relay: RelayProcess, path: string): Promise<T[]> {
  const rows: T[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const response: Response = await relay.api("GET", next);
    expect(response.status).toBe(200);
    rows.push(...((await response.json()) as T[]));
    const link = /<([^>]*)>; *rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    next = link === undefined ? undefined : link.replace(/^.*?\/v1(?=\/)/, "");
  }
  return rows;
}

/** Checks a copy of the killed relay's database, including its journal. */
function expectWhole(data: string): void {
  const copy = temporaryDirectory();
  try {
    cpSync(data, copy, { recursive: true });
    const database = new DatabaseSync(join(copy, "laneway.db"));
    try {
      expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
      expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    } finally {
      database.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
