// A device or token is revoked in the middle of a transfer.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import {
  type Host,
  hasLab,
  Lab,
  laneway,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";

const WAIT = { timeout: 30_000, interval: 50 };
/** Enough to be in full progress. */
const RUNNING_BYTES = 2_000_000;

/** A member of a network, by its kind of access. */
interface Guest {
  readonly client: RunningClient;
  /** The command that revokes the access. */
  readonly revocation: readonly string[];
}

describe.runIf(hasLab("iperf3"))("a transfer", () => {
  let lab: Lab;
  let relay: TestRelay;
  let alice: Site;
  let bob: Site;
  let networks = 0;

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
  });
  afterAll(() => lab.close());

  /** Makes a site join by its own invite. */
  async function joined(
    { host, name }: Site,
    network: string,
  ): Promise<{ invite: string; device: string; client: RunningClient }> {
    const made = await relay.create("invite", "create", "--network", network);
    const state = join(lab.directory, `${network}-${name}`);
    const args = ["join", text(made, "link"), "--name", name, "--state", state, "--json"];
    const { code, stderr, objects } = await laneway(args, { host });
    expect(code, stderr).toBe(0);
    const client = await up(host, ["--state", state]);
    return { invite: text(made, "id"), device: text(objects[0] ?? {}, "device"), client };
  }

  it.each<[string, (network: string) => Promise<Guest>]>([
    [
      "the device",
      async (network) => {
        const { client, device } = await joined(alice, network);
        return { client, revocation: ["device", "revoke", device] };
      },
    ],
    [
      "the invite",
      async (network) => {
        const { client, invite } = await joined(alice, network);
        return { client, revocation: ["invite", "revoke", invite] };
      },
    ],
    [
      "the token",
      async (network) => {
        const token = await relay.create("token", "create", "--network", network);
        const args = [network, "--relay", relay.url, "--address", "10.20.0.200/24"];
        const client = await up(alice.host, [...args, "--state", join(lab.directory, `${network}-token`)], {
          LANEWAY_TOKEN: text(token, "token"),
        });
        return { client, revocation: ["token", "revoke", text(token, "id")] };
      },
    ],
    [
      "the network",
      async (network) => {
        const { client } = await joined(alice, network);
        return { client, revocation: ["network", "delete", network] };
      },
    ],
  ])("is over when %s it runs by is revoked: closed with 4003 before that is done", async (_what, enter) => {
    const network = `office-${++networks}`;
    await relay.create("network", "create", network, "--subnet", "10.20.0.0/24");
    const { client: other } = await joined(bob, network);
    await using _other = other.process;
    const { client, revocation } = await enter(network);
    await using _client = client.process;
    const address = (other.address ?? "").replace(/\/.*/, "");
    const server = bob.host.spawn("iperf3", ["--server", "--one-off"], { stdio: "ignore" });
    const transfer = alice.host.spawn(
      "sh",
      ["-c", `until iperf3 --client ${address} --time 120; do sleep 0.1; done`],
      { stdio: "ignore" },
    );
    try {
      await expect.poll(() => receivedBytes(bob.host, other.tap), WAIT).toBeGreaterThan(RUNNING_BYTES);

      const { code, stderr } = await relay.admin(...revocation);

      expect(code, stderr).toBe(0);
      // It was out by the time the relay answered.
      const { objects } = await relay.admin("counters", "--network", network);
      expect(objects.map(({ name }) => name)).not.toContain("alice");
      expect(await client.process.ended).toBe(1);
      expect(client.process.stderr).toContain("4003");
      if (revocation[0] === "network") {
        expect(await other.process.ended).toBe(1);
        expect(other.process.stderr).toContain("4003");
      } else {
        // The transfer keeps trying, but nothing arrives any more.
        const before = await receivedBytes(bob.host, other.tap);
        await delay(500);
        expect((await receivedBytes(bob.host, other.tap)) - before).toBeLessThan(RUNNING_BYTES / 100);
        expect(other.process.lines.at(-1)).toMatchObject({ event: "up" });
      }
    } finally {
      transfer.kill("SIGKILL");
      server.kill("SIGKILL");
    }
  });
});

/** Returns the bytes that came out of a TAP, counted by the kernel. */
async function receivedBytes(host: Host, tap: string): Promise<number> {
  return Number(await host.mustExec("cat", [`/sys/class/net/${tap}/statistics/rx_bytes`]));
}
