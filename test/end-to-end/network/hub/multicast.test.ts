// IGMP and MLD snooping with real sockets: only members of a group get its traffic.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { HubLab, type Member, startProgram, WAIT, Watch } from "../../../support/network/hub-lab.ts";
import { hasLab, type JsonProcess } from "../../../support/network/lab.ts";

const PORT = "5004";

let lab: HubLab;
let alice: Member;
let bob: Member;
let carol: Member;

/** Opens a socket in the group on that host. */
async function joinGroup({ host, tap, ip }: Member, group: string, port = PORT): Promise<JsonProcess> {
  const socket = startProgram(host, "multicast.ts", "join", group, port, tap, ip);
  await socket.event("joined");
  return socket;
}

function send({ host, tap, ip }: Member, group: string, count: number, port = PORT): JsonProcess {
  return startProgram(host, "multicast.ts", "send", group, port, tap, ip, String(count));
}

/** Returns the ports of the group, as `laneway groups` shows them. */
async function portsOf(group: string): Promise<unknown> {
  return (await lab.show("groups")).find((row) => row["group"] === group)?.["ports"];
}

async function groupIs(group: string, ...members: Member[]): Promise<void> {
  const ports = members.map(({ port }) => port).toSorted();
  const found = async () => ((await portsOf(group)) as string[] | undefined)?.toSorted();
  await expect.poll(found, WAIT).toEqual(ports);
}

function numbers({ lines }: JsonProcess): unknown[] {
  return lines.flatMap((line) => (line.event === "datagram" ? [line["number"]] : []));
}

describe.runIf(hasLab())("a multicast group in a network", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    alice = await lab.join("alice", { address: "10.20.0.1" });
    bob = await lab.join("bob", { address: "10.20.0.2" });
    carol = await lab.join("carol", { address: "10.20.0.3" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  describe.each([
    ["239.1.2.3", "ip daddr 239.1.2.3"],
    ["ff05::1:3", "ip6 daddr ff05::1:3"],
    ["ff15::123:4567", "ip6 daddr ff15::123:4567"],
  ])("%s", (group, match) => {
    it("delivers its whole stream to its members, and nothing to others", async () => {
      await using socket = await joinGroup(bob, group);
      await groupIs(group, bob);
      const watch = await Watch.start(carol, { stream: match });
      await using _stream = send(alice, group, 200);
      await socket.waitFor((line) => line["number"] === 199);
      expect(numbers(socket)).toEqual(Array.from({ length: 200 }, (_, i) => i));
      expect(await watch.count("stream")).toBe(0);
    });

    it("stops at once at a port whose last socket closes, and continues for others", async () => {
      const watch = await Watch.start(bob, { stream: match });
      const leaver = await joinGroup(bob, group);
      await using socket = await joinGroup(carol, group);
      await groupIs(group, bob, carol);
      await using stream = send(alice, group, 3_000);
      await leaver.event("datagram");
      expect(await leaver.stop()).toBe(0);
      await groupIs(group, carol);
      const sent = async (more: number) => {
        const goal = Number(stream.lines.at(-1)?.["number"]) + more;
        await socket.waitFor((line) => Number(line["number"]) >= goal);
      };
      // Frames in flight have arrived by now.
      await sent(20);
      const left = await watch.count("stream");
      await sent(50);
      expect(await watch.count("stream")).toBe(left);
    });

    it("gets its stream to a socket that comes late", async () => {
      await using first = await joinGroup(carol, group);
      await groupIs(group, carol);
      await using _stream = send(alice, group, 3_000);
      await first.event("datagram");
      await using second = await joinGroup(bob, group);
      await second.event("datagram");
      await groupIs(group, bob, carol);
    });
  });

  it.each([
    ["mDNS", "224.0.0.251", "5353", "ip daddr 224.0.0.251 udp dport 5353"],
    ["mDNS over IPv6", "ff02::fb", "5353", "ip6 daddr ff02::fb udp dport 5353"],
    ["SSDP", "239.255.255.250", "1900", "ip daddr 239.255.255.250 udp dport 1900"],
  ])("goes to all ports, joined or not, for %s", async (_what, group, port, match) => {
    await using socket = await joinGroup(bob, group, port);
    const watch = await Watch.start(carol, { stream: match });
    await using _stream = send(alice, group, 20, port);
    await socket.waitFor((line) => line["number"] === 19);
    await watch.reach("stream", 20);
  });

  it("goes to all ports while it has no members, unless the network drops it", async () => {
    const watch = await Watch.start(carol, { stream: "ip daddr 239.9.9.9" });
    await using _stream = send(alice, "239.9.9.9", 20);
    await watch.reach("stream", 20);
    await lab.set("lan", "unregistered-multicast=drop");
    const before = await lab.drops(alice, "no-group-member");
    await using _more = send(alice, "239.9.9.9", 20);
    await vi.waitUntil(async () => (await lab.drops(alice, "no-group-member")) === before + 20, WAIT);
    expect(await watch.count("stream")).toBe(20);
  });
});
