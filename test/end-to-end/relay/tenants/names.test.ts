// A relay's DNS, queried by frames that are written byte by byte.
import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { arpRequest, readArpReply } from "../../../support/relay/neighbour-frames.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const MAC = station(7);
const A = 1;
const NXDOMAIN = 3;
const REFUSED = 5;

underEachRuntime("the names of a network", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Creates a network `office` in a new tenant, and joins a member with 10.20.0.200. */
  async function office(fields: object = { subnet: "10.20.0.0/24" }) {
    const { tenant } = await relay().network();
    const path = `/tenants/${tenant}/networks`;
    const made = await relay().must("POST", path, { name: "office", ...fields });
    const { vni } = made as { vni: number };
    const by = await invite(relay(), { tenant, name: "office" }, { uses: 10 });
    const { token } = await relay().token(tenant, "office");
    const client = await TunnelClient.joined(relay().url, token, vni);
    const ask = async (name: string, to = hubMac(vni)): Promise<Buffer> => {
      await client.send(packet(vni, query(to, name)));
      return await client.hubFrame();
    };
    return { tenant, vni, by, client, ask, path };
  }

  it("are answered by the hub, at its own address", async () => {
    const { vni, by, client, ask } = await office();
    await using _client = client;
    await TestDevice.enrolled(relay(), by, "Anna's Laptop");
    await client.send(packet(vni, arpRequest(MAC, "10.20.0.200", "10.20.0.1")));
    const reply = readArpReply(await client.hubFrame());
    expect(reply).toEqual({ to: MAC, mac: hubMac(vni), address: "10.20.0.1" });
    expect(readAnswer(await ask("anna-s-laptop.office.lan.internal"))).toEqual({
      code: 0,
      addresses: ["10.20.0.2"],
    });
    expect(readAnswer(await ask("hub.office.lan.internal"))).toEqual({ code: 0, addresses: ["10.20.0.1"] });
    expect(readAnswer(await ask("nobody.office.lan.internal"))).toEqual({ code: NXDOMAIN, addresses: [] });
    expect(readAnswer(await ask("example.org"))).toEqual({ code: REFUSED, addresses: [] });
  });

  it("are those of the queried network, even if another tenant's has the same name and subnet", async () => {
    const [one, other] = [await office(), await office()];
    await using _one = one.client;
    await using _other = other.client;
    await TestDevice.enrolled(relay(), one.by, "laptop");
    await TestDevice.enrolled(relay(), other.by, "printer");
    const theirs = await TestDevice.enrolled(relay(), other.by, "laptop");
    expect(theirs.id).not.toBe("");
    expect(readAnswer(await one.ask("laptop.office.lan.internal"))).toEqual({
      code: 0,
      addresses: ["10.20.0.2"],
    });
    expect(readAnswer(await other.ask("laptop.office.lan.internal"))).toEqual({
      code: 0,
      addresses: ["10.20.0.3"],
    });
    expect(readAnswer(await one.ask("printer.office.lan.internal"))).toEqual({
      code: NXDOMAIN,
      addresses: [],
    });
    // A frame to the other hub's MAC address goes nowhere, because that hub is in another segment.
    one.client.takeHubFrames();
    await one.client.send(packet(one.vni, query(hubMac(other.vni), "printer.office.lan.internal")));
    expect(readAnswer(await one.ask("hub.office.lan.internal"))).toEqual({
      code: 0,
      addresses: ["10.20.0.1"],
    });
    expect(one.client.takeHubFrames()).toEqual([]);
    expect(other.client.takeHubFrames()).toEqual([]);
  });

  it("are removed with their device", async () => {
    const { tenant, by, client, ask } = await office();
    await using _client = client;
    const device = await TestDevice.enrolled(relay(), by, "laptop");
    expect(readAnswer(await ask("laptop.office.lan.internal")).code).toBe(0);
    await relay().must("DELETE", `/tenants/${tenant}/devices/${device.id}`);
    expect(readAnswer(await ask("laptop.office.lan.internal")).code).toBe(NXDOMAIN);
  });

  it("do not exist if the network assigns no addresses, and neither does the hub", async () => {
    const { tenant, vni, client, path } = await office({ subnet: "10.20.0.0/24", addresses: false });
    await using _client = client;
    await client.send(packet(vni, arpRequest(MAC, "10.20.0.200", "10.20.0.1")));
    await client.send(packet(vni, query(hubMac(vni), "hub.office.lan.internal")));
    await client.sync();
    expect(client.takeHubFrames()).toEqual([]);
    const fdb = (await relay().must("GET", `${path}/office/fdb`)) as { port: string }[];
    expect(
      fdb.map(({ port }) => port),
      tenant,
    ).not.toContain("hub");
  });
});

/** Returns the hub's MAC address: 02:4c:4e and the VNI. */
function hubMac(vni: number): string {
  return ["02", "4c", "4e", ...(vni.toString(16).padStart(6, "0").match(/../g) ?? [])].join(":");
}

/** Returns a frame from 10.20.0.200 to the hub at 10.20.0.1, port 53, which queries a name's addresses. */
function query(to: string, name: string): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const question = Buffer.concat([...labels, Buffer.from([0, 0, A, 0, 1])]);
  const dns = Buffer.concat([Buffer.from("4a4a01000001000000000000", "hex"), question]);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(4_053, 0);
  udp.writeUInt16BE(53, 2);
  udp.writeUInt16BE(8 + dns.length, 4);
  const header = Buffer.from("4500000000000000401100000a1400c80a140001", "hex");
  header.writeUInt16BE(20 + 8 + dns.length, 2);
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  header.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
  const addresses = Buffer.from(`${to}${MAC}`.replaceAll(":", ""), "hex");
  return Buffer.concat([addresses, Buffer.from("0800", "hex"), header, udp, dns]);
}

/** Returns an answer's code and its IPv4 addresses. */
function readAnswer(frame: Buffer): { code: number; addresses: string[] } {
  const dns = frame.subarray(14 + 20 + 8);
  expect(frame.toString("hex", 26, 34)).toBe("0a1400010a1400c8");
  expect([frame.readUInt16BE(34), frame.readUInt16BE(36)]).toEqual([53, 4_053]);
  expect(dns.readUInt16BE(0)).toBe(0x4a4a);
  const count = dns.readUInt16BE(6);
  let at = 12;
  const skipName = () => {
    while (dns.readUInt8(at) !== 0) at += 1 + dns.readUInt8(at);
    at++;
  };
  skipName();
  at += 4;
  const addresses = Array.from({ length: count }, () => {
    skipName();
    const data = dns.subarray(at + 10, at + 10 + dns.readUInt16BE(at + 8));
    at += 10 + data.length;
    return [...data].join(".");
  });
  return { code: dns.readUInt8(3) & 0x0f, addresses };
}
