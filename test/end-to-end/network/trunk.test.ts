// One interface with VLANs, each of them its own network with ordinary members.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { parsePing, receivedFrames, transfer } from "../../../desktop/demo/measure.ts";
import {
  type Host,
  hasLab,
  JsonProcess,
  Lab,
  type RunningClient,
  startLaneway,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";

const { signal } = new AbortController();
const WAIT = { timeout: 30_000, interval: 50 };

let lab: Lab;
let relay: TestRelay;
let token: string;
/** In `lab`, in `guests`, and in `lan`. */
let alice: RunningClient & { host: Host };
let bob: RunningClient & { host: Host };
let dora: RunningClient & { host: Host };
/** The VLANs are behind her interface. */
let carol: Site;

async function member(
  name: string,
  network: string,
  address: string,
  ...more: string[]
): Promise<typeof alice> {
  const { host } = await lab.addSite(name);
  const state = join(lab.directory, name);
  const args = [network, "--relay", relay.url, "--state", state, "--address", address, ...more];
  return { host, ...(await up(host, args, { LANEWAY_TOKEN: token })) };
}

/** Starts a trunk on carol, and waits until its networks are up. */
async function startTrunk(mapping: string, ...args: string[]): Promise<JsonProcess> {
  const process = startLaneway(
    ["up", "--trunk", mapping, "--relay", relay.url, "--state", join(lab.directory, "carol"), ...args],
    { host: carol.host, env: { LANEWAY_TOKEN: token } },
  );
  for (const part of mapping.split(",")) {
    const network = part.split("=")[1];
    await process.waitFor((line) => line.event === "up" && line["network"] === network);
  }
  return process;
}

async function ping(from: Host, address: string, ...args: string[]): Promise<number> {
  const { stdout } = await from.exec("ping", ["-n", "-c", "3", "-i", "0.1", "-W", "5", ...args, address], {
    env: { LC_ALL: "C" },
  });
  return parsePing(stdout).received;
}

async function describeLink(host: Host, name: string) {
  const [link] = JSON.parse(await host.mustExec("ip", ["-json", "address", "show", "dev", name]));
  return link;
}

async function hasInterface(host: Host, name: string): Promise<boolean> {
  return (await host.exec("ip", ["link", "show", "dev", name])).code === 0;
}

/** InCsumErrors of ICMP, TCP and UDP. */
async function checksumErrors(host: Host): Promise<number[]> {
  const lines = (await host.mustExec("cat", ["/proc/net/snmp"])).split("\n").map((line) => line.split(" "));
  return ["Icmp:", "Tcp:", "Udp:"].map((protocol) => {
    const [names, values] = lines.filter(([first]) => first === protocol);
    return Number(values?.[names?.indexOf("InCsumErrors") ?? -1]);
  });
}

describe.runIf(hasLab("iperf3"))("a trunk", () => {
  beforeAll(async () => {
    lab = await Lab.create();
    relay = await startRelay(lab, [], {
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "../../support/network/all-networks.ts")).href}`,
    });
    await relay.create("network", "create", "lab");
    await relay.create("network", "create", "guests", "--mtu", "1400");
    token = await relay.token();
    alice = await member("alice", "lab", "10.20.0.1/24");
    // So the relay must finish bob's frames, and drops them if their header is wrong.
    bob = await member("bob", "guests", "10.30.0.1/24", "--no-offload");
    dora = await member("dora", "lan", "10.40.0.1/24");
    carol = await lab.addSite("carol");
  });
  afterAll(async () => {
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  describe.each([
    ["with offload", "offload", []],
    ["with offload on the trunk alone", "plain", []],
    ["with offload on the bridge alone", "offload", ["--no-offload"]],
  ])("whose VLANs end in a bridge, %s", (_what, mode, options) => {
    let trunk: JsonProcess;
    let bridge: JsonProcess;
    let tap: string;

    beforeAll(async () => {
      const { host } = carol;
      trunk = await startTrunk("10=lab,20=guests", ...options);
      tap = text(await trunk.event("up"), "tap");
      bridge = new JsonProcess(
        host.spawn(
          process.execPath,
          [join(import.meta.dirname, "../../support/network/vlan-bridge.ts"), mode, "10", "20", "30"],
          {
            stdio: ["ignore", "pipe", "pipe"],
          },
        ),
        "the VLANs' other end",
      );
      await bridge.event("ready");
      const lines = [
        "link add vlans type bridge",
        ...[tap, "tagged"].map((port) => `link set ${port} master vlans`),
        "link set vlans up",
        "link set tagged up",
        // Always the same: for a second after its last confirmation, Linux accepts no other MAC for an address.
        ...[10, 20, 30].map((id) => `link set vlan${id} address 02:00:00:00:${id}:09 mtu 1400 up`),
        ...[10, 20, 30].map((id) => `address add 10.${id + 10}.0.9/24 dev vlan${id}`),
      ];
      await host.mustExec("ip", ["-batch", "-"], { input: `${lines.join("\n")}\n` });
    });
    afterAll(async () => {
      await trunk?.stop();
      await bridge?.stop();
      await carol.host.exec("ip", ["link", "delete", "vlans"]);
    });

    it("has one interface for all of its networks, each with its VLAN and its VNI", async () => {
      const ups = trunk.lines.filter(({ event }) => event === "up");
      const of = (network: string) => ups.find((line) => line["network"] === network);
      expect(of("lab")).toMatchObject({ tap, vlan: 10, vni: alice.vni });
      expect(of("guests")).toMatchObject({ tap, vlan: 20, vni: bob.vni });
      expect(ups.map((line) => line["address"])).toEqual([undefined, undefined]);
      const link = await describeLink(carol.host, tap);
      expect(link).toMatchObject({ mtu: 1400, address: ups[0]?.["mac"], addr_info: [] });
    });

    it("connects each VLAN with the members of its network", async () => {
      expect(await ping(carol.host, "10.20.0.1")).toBe(3);
      expect(await ping(carol.host, "10.30.0.1")).toBe(3);
      expect(await ping(alice.host, "10.20.0.9")).toBe(3);
      expect(await ping(bob.host, "10.30.0.9")).toBe(3);
    });

    it("isolates them from each other", async () => {
      const seen = (at: typeof alice) => receivedFrames(at.host, at.tap, { signal });
      const [before, beforeElsewhere] = [await seen(alice), await seen(bob)];
      expect(await ping(carol.host, "10.30.0.1", "-I", "vlan10", "-W", "1")).toBe(0);
      await carol.host.exec("ping", ["-b", "-c", "5", "-i", "0.1", "-W", "1", "10.20.0.255"]);
      await vi.waitUntil(async () => (await seen(alice)) >= before + 5, WAIT);
      // ARP is not answered in guests unasked: only frames of guests itself may have arrived.
      expect((await seen(bob)) - beforeElsewhere).toBeLessThan(5);
      const { objects } = await relay.admin("fdb", "--network", "guests");
      const vlan10 = await describeLink(carol.host, "vlan10");
      expect(objects.map(({ mac }) => mac)).not.toContain(vlan10.address);
    });

    it("carries transfers in both directions, with every checksum right", async () => {
      const seconds = 1;
      for (const [from, to, address] of [
        [carol.host, alice.host, "10.20.0.1"],
        [alice.host, carol.host, "10.20.0.9"],
        [carol.host, bob.host, "10.30.0.1"],
        [bob.host, carol.host, "10.30.0.9"],
      ] as const) {
        const { bytes } = await transfer(from, to, address, { signal, seconds });
        expect(bytes).toBeGreaterThan(1_000_000);
      }
      for (const host of [alice.host, bob.host, carol.host]) {
        expect(await checksumErrors(host)).toEqual([0, 0, 0]);
      }
    });

    it("reports each VLAN whose frames it drops once, their number at the end, and removes its interface", async () => {
      expect(await ping(carol.host, "10.40.0.1", "-I", "vlan30", "-W", "1")).toBe(0);
      await vi.waitUntil(() => trunk.stderr.includes("VLAN 30"), WAIT);
      expect(await ping(carol.host, "10.20.0.1")).toBe(3);
      expect(await trunk.stop()).toBe(0);
      const said = trunk.stderr.split("\n").filter((line) => line.includes("VLAN 30"));
      expect(said).toEqual([
        expect.stringMatching(/^laneway: .*frames of VLAN 30 are dropped \(no-vlan\)/),
        expect.stringMatching(/^laneway: \d+ frames were dropped \(no-vlan\): .*\d+ of VLAN 30/),
      ]);
      const downs = trunk.lines.filter(({ event }) => event === "down");
      expect(downs.map((line) => [line["network"], line["vlan"], line["tap"]]).toSorted()).toEqual([
        ["guests", 20, tap],
        ["lab", 10, tap],
      ]);
      expect(await hasInterface(carol.host, tap)).toBe(false);
    });
  });

  it("has its own address and MAC in the untagged network, like an interface without VLANs", async () => {
    const args = ["--address", "10.40.0.9/24", "--tap", "mine", "--mac", "02:00:00:00:00:09"];
    await using trunk = await startTrunk("10=lab,untagged=lan", ...args);
    const [lan] = trunk.lines.filter((line) => line["network"] === "lan");
    expect(lan).toMatchObject({ vlan: "untagged", tap: "mine", address: "10.40.0.9/24" });
    expect(lan).toMatchObject({ mac: "02:00:00:00:00:09", vni: dora.vni });
    expect(await ping(carol.host, "10.40.0.1")).toBe(3);
    expect(await ping(dora.host, "10.40.0.9")).toBe(3);
    const { bytes } = await transfer(dora.host, carol.host, "10.40.0.9", { signal, seconds: 1 });
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(await describeLink(carol.host, "mine")).toMatchObject({ mtu: 1500, address: "02:00:00:00:00:09" });
    expect(await trunk.stop()).toBe(0);
    expect(trunk.stderr).toBe("");
  });

  it("reconnects all of its networks after the relay was away", async () => {
    await using trunk = await startTrunk("untagged=lan,10=lab", "--address", "10.40.0.9/24");
    const from = trunk.lines.length;
    await relay.restart("SIGKILL");
    for (const network of ["lan", "lab"]) {
      await trunk.waitFor((line) => line.event === "up" && line["network"] === network, { from });
    }
    await dora.process.event("up", { from: 1 });
    expect(await ping(carol.host, "10.40.0.1")).toBe(3);
  });

  it("recreates its interface, with all its networks, when another program deletes it", async () => {
    await using trunk = await startTrunk("10=lab,untagged=lan", "--address", "10.40.0.9/24");
    const tap = text(await trunk.event("up"), "tap");
    await vi.waitFor(async () => expect(await ping(carol.host, "10.40.0.1")).toBe(3), WAIT);
    await carol.host.mustExec("ip", ["link", "delete", "dev", tap]);
    const said = await trunk.waitFor(
      ({ event, message }) => event === "interface" && /created again/.test(String(message)),
    );
    expect(said).toMatchObject({ kind: "put-back", message: `${tap} was deleted: created again` });
    await vi.waitFor(async () => expect(await ping(carol.host, "10.40.0.1")).toBe(3), WAIT);
    expect(await trunk.stop()).toBe(0);
    expect(await hasInterface(carol.host, tap)).toBe(false);
  });
});
