// ARP and ND suppression with real kernels: the asking one is answered, others hear nothing, and necessary broadcasts
// still arrive.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { linkLocal, neighbour } from "../../../../desktop/demo/measure.ts";
import { arpRequest } from "../../../support/network/hub-frames.ts";
import { HubLab, type Member, ping, sendFrames, WAIT, Watch } from "../../../support/network/hub-lab.ts";
import { hasLab } from "../../../support/network/lab.ts";

const REQUESTS = 1_000;
const ARP = { requests: "arp operation request", replies: "arp operation reply" };
const { signal } = new AbortController();

let lab: HubLab;
let alice: Member;
let bob: Member;
let carol: Member;

/** Runs iputils' arping on a member's TAP. */
async function arping({ host, tap }: Member, ...args: string[]): Promise<number | null> {
  return (await host.exec("arping", ["-I", tap, ...args])).code;
}

async function knows(address: string, mac: string): Promise<void> {
  const found = async () => (await lab.show("neighbours")).find((row) => row["address"] === address)?.["mac"];
  await expect.poll(found, WAIT).toBe(mac);
}

async function addAddress({ host, tap }: Member, address: string): Promise<void> {
  await host.mustExec("ip", ["address", "add", address, "dev", tap]);
}

describe.runIf(hasLab("arping"))("a network's neighbours", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    alice = await lab.join("alice", { address: "10.20.0.1" });
    bob = await lab.join("bob", { address: "10.20.0.2" });
    carol = await lab.join("carol", { address: "10.20.0.3" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("are known once they have spoken", async () => {
    for (const member of [bob, carol]) expect(await ping(member, alice.ip)).toBe(3);
    for (const { ip, mac } of [alice, bob, carol]) await knows(ip, mac);
  });

  it("hear nothing of 1,000 ARP requests for a host that is known, while each of them is answered", async () => {
    const watch = await Watch.start(alice, ARP);
    const others = await Promise.all([bob, carol].map((member) => Watch.start(member, ARP)));
    await sendFrames(alice, [arpRequest(alice.mac, alice.ip, bob.ip)], REQUESTS);
    await watch.reach("replies", REQUESTS);
    for (const other of others) expect(await other.count("requests")).toBeLessThanOrEqual(5);
    expect(await watch.count("replies")).toBe(REQUESTS);
    expect(await lab.drops(alice, "answered")).toBeGreaterThanOrEqual(REQUESTS);
    await alice.host.mustExec("ip", ["neigh", "flush", "dev", alice.tap]);
    expect(await ping(alice, bob.ip)).toBe(3);
    expect(await neighbour(alice.host, alice.tap, bob.ip, { signal })).toBe(bob.mac);
  });

  it("hear an ARP request for an unknown host", async () => {
    const watch = await Watch.start(carol, ARP);
    await sendFrames(alice, [arpRequest(alice.mac, alice.ip, "10.20.0.99")], 3);
    await watch.reach("requests", 3);
  });

  it("are learnt from their frames, and answered for from then on", async () => {
    await addAddress(bob, "10.20.0.50/24");
    const heard = await Watch.start(carol, { said: "arp operation request arp saddr ip 10.20.0.50" });
    expect(await arping(bob, "-U", "-c", "1", "10.20.0.50")).toBe(0);
    await heard.reach("said", 1);
    await knows("10.20.0.50", bob.mac);
    const watch = await Watch.start(alice, ARP);
    const others = await Watch.start(carol, ARP);
    await sendFrames(alice, [arpRequest(alice.mac, alice.ip, "10.20.0.50")], 100);
    await watch.reach("replies", 100);
    expect(await others.count("requests")).toBe(0);
  });

  it("detect a used IPv4 address: its owner answers", async () => {
    expect(await arping(alice, "-D", "-c", "2", bob.ip)).toBe(1);
    expect(await arping(alice, "-D", "-c", "2", "10.20.0.98")).toBe(0);
  });

  it("find each other over IPv6, without anybody else being asked", async () => {
    const theirs = await linkLocal(bob.host, bob.tap, { signal });
    expect(await ping(alice, `${theirs}%${alice.tap}`)).toBe(3);
    await knows(theirs, bob.mac);
    const own = await linkLocal(alice.host, alice.tap, { signal });
    const watch = await Watch.start(carol, { asked: `ip6 saddr ${own} icmpv6 type nd-neighbor-solicit` });
    for (let i = 0; i < 5; i++) {
      await alice.host.mustExec("ip", ["neigh", "flush", "dev", alice.tap]);
      expect(await ping(alice, `${theirs}%${alice.tap}`, "-c", "1")).toBe(1);
    }
    expect(await watch.count("asked")).toBe(0);
  });

  it("detect a used IPv6 address: its owner answers", async () => {
    await addAddress(bob, "2001:db8::50/64");
    await addAddress(carol, "2001:db8::51/64");
    const flags = async ({ host, tap }: Member, address: string) => {
      const json = await host.mustExec("ip", ["-json", "-6", "address", "show", "dev", tap, "to", address]);
      const [link] = JSON.parse(json) as { addr_info?: Record<string, unknown>[] }[];
      return link?.addr_info?.[0] ?? {};
    };
    for (const [member, address] of [
      [bob, "2001:db8::50"],
      [carol, "2001:db8::51"],
    ] as const) {
      await expect.poll(() => flags(member, address), WAIT).not.toHaveProperty("tentative");
      expect(await flags(member, address)).not.toHaveProperty("dadfailed");
    }
    expect(await ping(carol, "2001:db8::50")).toBe(3);
    await addAddress(alice, "2001:db8::50/64");
    await expect.poll(() => flags(alice, "2001:db8::50"), WAIT).toHaveProperty("dadfailed", true);
    expect(await ping(carol, "2001:db8::50")).toBe(3);
  });

  it("are warned if two of them use one address: only these two", async () => {
    await addAddress(carol, `${alice.ip}/24`);
    await arping(carol, "-U", "-c", "1", alice.ip);
    const told = ({ process }: Member) =>
      process.stderr.split("\n").find((line) => line.startsWith("laneway: duplicate-address: "));
    await vi.waitUntil(() => told(alice) && told(carol), WAIT);
    for (const word of [alice.ip, alice.mac, carol.mac]) expect(told(carol)).toContain(word);
    expect(told(alice)).toBe(told(carol));
    expect(told(bob)).toBeUndefined();
    // The address stays with the member that registered it.
    await knows(alice.ip, alice.mac);
    expect(await ping(bob, alice.ip)).toBe(3);
  });
});
