// DHCP with a real server, and with a rogue one.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dhcpFrame } from "../../../shared/frame/dhcp-message.ts";
import { BROADCAST, bareFrame, macNumber } from "../../../support/network/hub-frames.ts";
import {
  HubLab,
  type Member,
  sendFrames,
  startProgram,
  WAIT,
  Watch,
} from "../../../support/network/hub-lab.ts";
import { hasLab, JsonProcess } from "../../../support/network/lab.ts";

const DISCOVERS = 20;
const OFFER = 2;

let lab: HubLab;
let client: Member;
/** Both run dnsmasq; the first one's token has the role. */
let server: Member;
let rogue: Member;

/** Starts dnsmasq, giving addresses from `first` on, also for PXE. */
async function startDnsmasq({ host, tap, port }: Member, first: number): Promise<JsonProcess> {
  const child = host.spawn(
    "dnsmasq",
    [
      ...[
        "--no-daemon",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--user=root",
        "--port=0",
        "--log-facility=-",
      ],
      ...[`--interface=${tap}`, "--bind-interfaces", "--no-ping", "--dhcp-authoritative"],
      `--dhcp-range=10.20.0.${first},10.20.0.${first + 20},255.255.255.0,1h`,
      `--dhcp-leasefile=${join(lab.lab.directory, `leases-${port}`)}`,
      "--pxe-service=x86PC,Boot,pxelinux",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const dnsmasq = new JsonProcess(child, "dnsmasq");
  await vi.waitUntil(() => dnsmasq.stderr.includes("DHCP, IP range"), WAIT);
  return dnsmasq;
}

function startClient(...args: string[]): JsonProcess {
  return startProgram(client.host, "dhcp-client.ts", client.ip, client.mac, ...args);
}

/** Returns the servers of all offers. */
function offers({ lines }: JsonProcess): unknown[] {
  return lines.flatMap((line) => (line.event === "offer" ? [line["server"]] : []));
}

describe.runIf(hasLab("dnsmasq"))("DHCP in a network", () => {
  let rogueServer: JsonProcess;

  beforeAll(async () => {
    lab = await HubLab.create();
    client = await lab.join("client", { address: "10.20.0.1" });
    rogue = await lab.join("rogue", { address: "10.20.0.2" });
    rogueServer = await startDnsmasq(rogue, 200);
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("may be served by any member while none has the role", async () => {
    await using dhcp = startClient("lease");
    const ack = await dhcp.event("ack");
    expect(ack).toMatchObject({ server: rogue.ip, address: expect.stringMatching(/^10\.20\.0\.2\d\d$/) });
  });

  describe("once a port with the role is there", () => {
    beforeAll(async () => {
      server = await lab.join("server", { address: "10.20.0.3", roles: ["dhcp-server"] });
      await startDnsmasq(server, 100);
    });

    it("is only that port's: the rogue server is not even asked", async () => {
      const asked = rogueServer.stderr.length;
      const watch = await Watch.start(rogue, { asked: "udp dport 67" });
      await using dhcp = startClient("discover", String(DISCOVERS));
      await vi.waitUntil(() => offers(dhcp).length >= DISCOVERS, WAIT);
      expect(new Set(offers(dhcp))).toEqual(new Set([server.ip]));
      expect(await watch.count("asked")).toBe(0);
      expect(rogueServer.stderr.slice(asked)).not.toContain("DHCPDISCOVER");
    });

    it("gives addresses to clients", async () => {
      await using dhcp = startClient("lease");
      const ack = await dhcp.event("ack");
      expect(ack).toMatchObject({ server: server.ip, address: expect.stringMatching(/^10\.20\.0\.1\d\d$/) });
    });

    it("serves PXE clients from port 4011 as well, unlike other ports", async () => {
      await using dhcp = startClient("pxe", server.ip);
      expect(await dhcp.event("ack")).toMatchObject({ server: server.ip, port: 4011 });
      const before = await lab.drops(rogue, "dhcp-guard");
      await using other = startClient("pxe", rogue.ip);
      await vi.waitUntil(async () => (await lab.drops(rogue, "dhcp-guard")) > before, WAIT);
      expect(other.lines).toEqual([]);
    });

    it("drops answers of servers on ports without the role, and warns that port", async () => {
      const options = [[53, [OFFER]]] as const;
      const offer = dhcpFrame(
        { op: 2, xid: 1, mac: macNumber(client.mac), options },
        { source: macNumber(rogue.mac), destination: macNumber(BROADCAST) },
      );
      const before = await lab.drops(rogue, "dhcp-guard");
      const watch = await Watch.start(client, { offers: "udp dport 68", others: "ether type 0x88b5" });
      await sendFrames(rogue, [offer, bareFrame(client.mac, rogue.mac)], 5);
      await watch.reach("others", 5);
      expect(await watch.count("offers")).toBe(0);
      expect(await lab.drops(rogue, "dhcp-guard")).toBe(before + 5);
      await vi.waitUntil(() => rogue.process.stderr.includes("laneway: rogue-dhcp-server: "), WAIT);
      expect(rogue.process.stderr).toContain(rogue.mac);
      expect(client.process.stderr).toBe("");
    });
  });

  it("may be served by any member again if the guard is off", async () => {
    await lab.set("lan", "dhcp-guard=off");
    await using dhcp = startClient("discover", String(DISCOVERS));
    await vi.waitUntil(() => new Set(offers(dhcp)).size === 2, WAIT);
  });
});
