// A segment behaves like a cable between hosts that reach each other only through the relay.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { linkLocal, neighbour, parsePing, receivedFrames } from "../../../desktop/demo/measure.ts";
import {
  type Host,
  hasLab,
  JsonProcess,
  Lab,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";

type Player = { host: Host; client: RunningClient; address: string };

/** Never aborted: the test's own timeout ends what hangs. */
const { signal } = new AbortController();
const ENGLISH = { LC_ALL: "C" };

let lab: Lab;
let relay: TestRelay;
let alice: Player;
let bob: Player;
/** In another tenant's network with the same name and the same addresses. */
let stranger: Player;

/** Brings a network up on a site's host, with its own state directory. */
async function enter(site: Site, token: string, address: string, network = "lan"): Promise<Player> {
  const args = [network, ...access(token), "--state", stateOf(site), "--address", `${address}/24`];
  const client = await up(site.host, args);
  return { host: site.host, client, address };
}

function access(token: string): string[] {
  return ["--relay", relay.url, "--token", token];
}

function stateOf({ name }: Site): string {
  return join(lab.directory, `state-of-${name}`);
}

/** Pings from a host; returns the numbers of requests and answers. */
async function ping(
  from: Host,
  address: string,
  ...args: string[]
): Promise<[sent: number, received: number]> {
  const { stdout } = await from.exec("ping", ["-n", "-i", "0.1", "-W", "10", ...args, address], {
    env: ENGLISH,
  });
  const { sent, received } = parsePing(stdout);
  return [sent, received];
}

/** Returns the addresses that answer pings to a group or broadcast address. */
async function answerers(from: Host, address: string, ...args: string[]): Promise<Set<string>> {
  const { stdout } = await from.exec("ping", ["-n", "-c", "5", "-i", "0.1", ...args, address], {
    env: ENGLISH,
  });
  return new Set(
    [...stdout.matchAll(/bytes from ([0-9a-f.:]+?)(?:%\S+)?: icmp_seq/g)].map((match) => match[1] ?? ""),
  );
}

async function hasInterface(host: Host, name: string): Promise<boolean> {
  return (await host.exec("ip", ["link", "show", "dev", name])).code === 0;
}

async function setSysctl(host: Host, path: string, value: string): Promise<void> {
  await host.mustExec("sh", ["-c", `echo ${value} > /proc/sys/${path}`]);
}

describe.runIf(hasLab("iperf3"))("a segment between two hosts behind NATs", () => {
  let sites: [alice: Site, bob: Site, stranger: Site];

  beforeAll(async () => {
    lab = await Lab.create();
    sites = [await lab.addSite("alice"), await lab.addSite("bob"), await lab.addSite("stranger")];
    relay = await startRelay(lab);
    await relay.create("tenant", "create", "other");
    await Promise.all([
      relay.create("network", "create", "lan", "--tenant", "other"),
      relay.create("network", "create", "office", "--mtu", "1400"),
    ]);
    const [token, othersToken] = await Promise.all([relay.token(), relay.token("lan", "other")]);
    [alice, bob, stranger] = await Promise.all([
      enter(sites[0], token, "10.20.0.1"),
      enter(sites[1], token, "10.20.0.2"),
      enter(sites[2], othersToken, "10.20.0.3"),
    ]);
  });
  afterAll(() => lab.close());

  it("is there while neither host can reach the other without it", async () => {
    expect((await alice.host.exec("ping", ["-c", "2", "-W", "1", sites[1].wanAddress])).code).toBe(1);
    expect(await ping(alice.host, bob.address, "-c", "2")).toEqual([2, 2]);
  });

  it("loses none of 1,000 pings", async () => {
    expect(await ping(alice.host, bob.address, "-c", "1000", "-i", "0.002")).toEqual([1000, 1000]);
  });

  it("resolves addresses by ARP to the clients' MAC addresses", async () => {
    for (const [asking, asked] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await asking.host.mustExec("ip", ["neigh", "flush", "dev", asking.client.tap]);
      await ping(asking.host, asked.address, "-c", "1");
      expect(await neighbour(asking.host, asking.client.tap, asked.address, { signal })).toBe(
        asked.client.mac,
      );
    }
  });

  it("carries IPv6 without configuration, between link-local addresses", async () => {
    const there = await linkLocal(bob.host, bob.client.tap, { signal });
    await linkLocal(alice.host, alice.client.tap, { signal });
    expect(await ping(alice.host, `${there}%${alice.client.tap}`, "-6", "-c", "5")).toEqual([5, 5]);
  });

  it("carries IP packets of 1,500 bytes that may not be fragmented", async () => {
    // 1,472 bytes, ICMP's header of 8 and IP's of 20.
    expect(await ping(alice.host, bob.address, "-c", "5", "-M", "do", "-s", "1472")).toEqual([5, 5]);
    const { stderr, stdout } = await alice.host.exec(
      "ping",
      ["-n", "-c", "1", "-W", "1", "-M", "do", "-s", "1473", bob.address],
      { env: ENGLISH },
    );
    expect(stdout + stderr).toContain("mtu=1500");
  });

  it("carries broadcasts and multicasts, of IPv4 and IPv6", async () => {
    await setSysctl(bob.host, "net/ipv4/icmp_echo_ignore_broadcasts", "0");
    const { tap } = alice.client;
    expect(await answerers(alice.host, "10.20.0.255", "-b")).toEqual(new Set([bob.address]));
    expect(await answerers(alice.host, "255.255.255.255", "-b", "-I", tap)).toEqual(new Set([bob.address]));
    expect(await answerers(alice.host, "224.0.0.1", "-I", tap)).toEqual(new Set([bob.address]));
    const own = await linkLocal(alice.host, tap, { signal });
    const there = await linkLocal(bob.host, bob.client.tap, { signal });
    const others = await answerers(alice.host, `ff02::1%${tap}`, "-6");
    others.delete(own);
    expect(others).toEqual(new Set([there]));
  });

  it("carries frames of any EtherType, length and destination unchanged and in order", async () => {
    const destinations = [bob.client.mac, "ff:ff:ff:ff:ff:ff", "03:00:00:00:00:01", "02:00:00:00:00:99"];
    const frames = destinations.flatMap((destination) =>
      [0, 1, 46, 1499, 1500].map((length) => frame(destination, alice.client.mac, length)),
    );
    await using receiver = startReceiver(bob);
    await receiver.event("ready");
    await sendFrames(alice, frames);
    await receiver.waitFor(() => receiver.lines.length > frames.length);
    const received = receiver.lines.slice(1).map((line) => text(line, "frame"));
    expect(received).toEqual(frames);
  });

  it.each([
    ["from one host to the other", []],
    ["the other way", ["--reverse"]],
  ])("moves data with iperf3, %s", async (_way, direction) => {
    const tcp = await iperf("--bytes", "4M", ...direction);
    expect(tcp.sum_received.bytes).toBeGreaterThan(0);
    const udp = await iperf("--udp", "--bytes", "1M", "--bitrate", "20M", ...direction);
    expect(udp.sum_received.bytes).toBeGreaterThan(0);
    expect(udp.sum.lost_packets).toBeLessThan(udp.sum.packets);
  });

  it("shows the relay's forwarding table, each MAC learned behind its own port", async () => {
    await ping(alice.host, bob.address, "-c", "1");
    const { objects } = await relay.admin("fdb");
    const entries = [alice, bob].map(({ client }) => objects.find(({ mac }) => mac === client.mac));
    for (const entry of entries) {
      expect(entry).toMatchObject({ vni: alice.client.vni, kind: "learned" });
      expect(entry?.["age_seconds"]).toBeGreaterThanOrEqual(0);
    }
    const [first, second] = entries.map((entry) => entry?.["port"]);
    expect(first).toEqual(expect.any(String));
    expect(second).toEqual(expect.any(String));
    expect(first).not.toBe(second);
  });

  it("is invisible and unreachable for a host of another tenant", async () => {
    const theirs = await linkLocal(bob.host, bob.client.tap, { signal });
    const passed = await receivedFrames(bob.host, bob.client.tap, { signal });
    await alice.host.mustExec("ip", ["neigh", "flush", "dev", alice.client.tap]);
    await ping(alice.host, bob.address, "-c", "2");
    await ping(alice.host, "10.20.0.255", "-b", "-c", "2", "-W", "1");
    // Unknown unicast, which is flooded, and an ARP request for the stranger's own address.
    await sendFrames(alice, [frame(stranger.client.mac, alice.client.mac, 46)]);
    await ping(alice.host, stranger.address, "-c", "2", "-W", "1");
    expect(await receivedFrames(bob.host, bob.client.tap, { signal })).toBeGreaterThan(passed);
    expect(await receivedFrames(stranger.host, stranger.client.tap, { signal })).toBe(0);

    for (const address of [alice.address, bob.address, `${theirs}%${stranger.client.tap}`]) {
      expect(await ping(stranger.host, address, "-c", "2", "-W", "1")).toEqual([2, 0]);
    }
    expect(await receivedFrames(stranger.host, stranger.client.tap, { signal })).toBe(0);
    const known = async (tenant: string) =>
      (await relay.admin("fdb", "--tenant", tenant)).objects.map(({ mac }) => mac);
    expect(await known("other")).toEqual([stranger.client.mac]);
    expect(await known("default")).not.toContain(stranger.client.mac);
    expect(stranger.client.vni).not.toBe(alice.client.vni);
  });

  describe("beside another network of the same hosts", () => {
    let token: string;

    beforeAll(async () => {
      token = await relay.token("office");
    });

    it("is a separate segment with its own interface", async () => {
      const [here, there] = await Promise.all([
        enter(sites[0], token, "10.30.0.1", "office"),
        enter(sites[1], token, "10.30.0.2", "office"),
      ]);
      await using _here = here.client.process;
      await using _there = there.client.process;
      expect(here.client).toMatchObject({ network: "office", address: "10.30.0.1/24" });
      expect(here.client.tap).not.toBe(alice.client.tap);
      expect(here.client.vni).not.toBe(alice.client.vni);
      const macs = [alice, bob, stranger, here, there].map(({ client }) => client.mac);
      expect(new Set(macs).size, macs.join()).toBe(macs.length);

      expect(await ping(here.host, there.address, "-c", "3")).toEqual([3, 3]);
      expect(await ping(alice.host, bob.address, "-c", "3")).toEqual([3, 3]);
      const [link] = JSON.parse(
        await here.host.mustExec("ip", ["-json", "link", "show", "dev", here.client.tap]),
      );
      expect(link).toMatchObject({ mtu: 1400, address: here.client.mac });
      const { objects } = await relay.admin("fdb", "--network", "office");
      expect(objects.map(({ mac }) => mac).toSorted()).toEqual(
        [here.client.mac, there.client.mac].toSorted(),
      );
      expect(objects.map(({ vni }) => vni)).toEqual([here.client.vni, here.client.vni]);
    });

    it.each(["SIGTERM", "SIGINT"] as const)(
      "stays when %s ends the other, interface and all",
      async (end) => {
        const { client, host } = await enter(sites[0], token, "10.30.0.1", "office");
        expect(await hasInterface(host, client.tap)).toBe(true);
        expect(await client.process.stop(end)).toBe(0);
        expect(client.process.stderr).toBe("");
        expect(client.process.lines.map(({ event }) => event)).toEqual(["up", "down"]);
        expect(client.process.lines[1]).toMatchObject({
          network: "office",
          vni: client.vni,
          tap: client.tap,
        });
        expect(await hasInterface(host, client.tap)).toBe(false);
        expect(await ping(alice.host, bob.address, "-c", "3")).toEqual([3, 3]);
      },
    );

    it("gives a device the same MAC again, and another device a different one", async () => {
      const macs: string[] = [];
      for (const state of ["one", "one", "another"]) macs.push(await macOf(sites[0], state));
      expect(macs[1]).toBe(macs[0]);
      expect(macs[2]).not.toBe(macs[0]);
      for (const mac of macs) expect(mac).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    });

    it("distinguishes hosts that share a state directory, such as network namespaces", async () => {
      expect(await macOf(sites[0], "shared")).not.toBe(await macOf(sites[1], "shared"));
    });

    /** Returns the MAC that `up` prints, with that state directory and all networks of the token. */
    async function macOf({ host }: Site, state: string): Promise<string> {
      const client = await up(host, [...access(token), "--state", join(lab.directory, state)]);
      await client.process.stop();
      return client.mac;
    }

    it("uses the given interface name and MAC, and no address with 'none'", async () => {
      const args = [
        "office",
        ...access(token),
        "--state",
        stateOf(sites[0]),
        "--tap",
        "mine",
        "--mac",
        "02:00:00:00:00:42",
        "--address",
        "none",
      ];
      const client = await up(sites[0].host, args);
      await using _process = client.process;
      expect(client).toMatchObject({ tap: "mine", mac: "02:00:00:00:00:42", address: undefined });
      const [link] = JSON.parse(
        await sites[0].host.mustExec("ip", ["-json", "address", "show", "dev", "mine"]),
      );
      expect(link.address).toBe("02:00:00:00:00:42");
      expect(link.addr_info.filter(({ family }: { family: string }) => family === "inet")).toEqual([]);
    });

    it("recreates its interface, and reports it, when another program deletes it", async () => {
      const [here, there] = await Promise.all([
        enter(sites[0], token, "10.30.0.1", "office"),
        enter(sites[1], token, "10.30.0.2", "office"),
      ]);
      await using _here = here.client.process;
      await using _there = there.client.process;
      const { tap, process } = here.client;
      await here.host.mustExec("ip", ["link", "delete", "dev", tap]);
      await process.waitFor(({ event, kind }) => event === "interface" && kind === "put-back");
      expect(await hasInterface(here.host, tap)).toBe(true);
      expect(process.stderr).toContain(`${tap} was deleted`);
      // It may be the other side's turn to be told.
      expect((await ping(here.host, there.address, "-c", "10", "-i", "0.5"))[0]).toBeGreaterThan(0);
    });
  });
});

const packetSocket = JSON.stringify(
  pathToFileURL(join(import.meta.dirname, "../../desktop/agent/tap/packet-socket.ts")).href,
);

/** Returns a frame of EtherType 0x88B5 with `length` random bytes, in hexadecimal. */
function frame(destination: string, source: string, length: number): string {
  return `${destination}${source}88b5${randomBytes(length).toString("hex")}`.replaceAll(":", "");
}

async function sendFrames({ host, client }: Player, frames: readonly string[]): Promise<void> {
  const script = `
    import { PacketSocket } from ${packetSocket};
    const [tap, ...frames] = process.argv.slice(1);
    const socket = new PacketSocket(tap);
    for (const frame of frames) socket.send(Buffer.from(frame, "hex"));`;
  await host.mustExec(process.execPath, ["--input-type=module", "--eval", script, client.tap, ...frames]);
}

/** Prints `{"event":"ready"}`, and then a line for each arriving frame of that EtherType. */
function startReceiver({ host, client }: Player): JsonProcess {
  const script = `
    import { PacketSocket } from ${packetSocket};
    const socket = new PacketSocket(process.argv[1]);
    console.log(JSON.stringify({ event: "ready" }));
    setInterval(() => {
      for (const frame of socket.received()) console.log(JSON.stringify({ frame: Buffer.from(frame).toString("hex") }));
    }, 20);`;
  const args = ["--input-type=module", "--eval", script, client.tap];
  return new JsonProcess(
    host.spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] }),
    "the receiver",
  );
}

type IperfEnd = { sum_received: { bytes: number }; sum: { packets: number; lost_packets: number } };

/** Runs iperf3 from alice to bob, or with `--reverse` from bob to alice; returns the end of its report. */
async function iperf(...args: string[]): Promise<IperfEnd> {
  const server = bob.host.spawn("iperf3", ["--server", "--one-off", "--forceflush", "--bind", bob.address], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await using listening = new JsonProcess(server, "iperf3 --server");
  await listening.waitFor((line) => /listening/i.test(String(line["text"])));
  const { stdout } = await alice.host.exec("iperf3", ["--client", bob.address, "--json", ...args]);
  const report = JSON.parse(stdout) as { error?: string; end: IperfEnd };
  if (report.error !== undefined) throw new Error(`iperf3 ${args.join(" ")}: ${report.error}`);
  return report.end;
}
