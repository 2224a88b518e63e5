import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TapDevice } from "../../../../desktop/agent/tap/device.ts";
import { openLinuxTap } from "../../../../desktop/agent/tap/linux.ts";
import { loadNative } from "../../../../desktop/agent/tap/native.ts";
import {
  GSO_TCPV4,
  GSO_TCPV6,
  needsCsum,
  readGsoSize,
  readGsoType,
  VIRTIO_BYTES,
} from "../../../../shared/offload/virtio.ts";
import { requires } from "../../../requirements.ts";
import { uniqueName } from "./interface.ts";
import { Namespace } from "./namespace.ts";

/** Bytes of a packet, and of an Ethernet header. */
const MTU = 1500;
const ETHERNET = 14;

const TRANSFER_BYTES = 24 * 1024 * 1024;

/** Sends {@link TRANSFER_BYTES} that no error in place or order leaves alike, and says what they come to. */
const sender = `
  import { createHash, randomBytes } from "node:crypto";
  import { connect } from "node:net";
  import { Readable } from "node:stream";
  const hash = createHash("sha256");
  function* chunks() {
    for (let sent = 0; sent < ${TRANSFER_BYTES}; sent += 65536) {
      const chunk = randomBytes(65536);
      hash.update(chunk);
      yield chunk;
    }
  }
  const attempt = () => {
    const socket = connect(5001, process.argv[1]);
    socket.on("error", () => setTimeout(attempt, 50));
    socket.on("connect", () => Readable.from(chunks()).pipe(socket));
    socket.on("close", (failed) => failed || console.log(hash.digest("hex")));
  };
  attempt();
`;

/** Says what the bytes come to that arrived. */
const receiver = `
  import { createHash } from "node:crypto";
  import { createServer } from "node:net";
  const hash = createHash("sha256");
  const server = createServer((socket) => {
    server.close();
    socket.on("data", (data) => hash.update(data));
    socket.on("end", () => console.log(hash.digest("hex")));
  });
  server.listen(5001, "::");
`;

/** A super-frame as the kernel described it. */
interface Super {
  length: number;
  type: number;
  size: number;
  unfinished: boolean;
}

describe.runIf(requires("root", "tun", "ip", "unshare", "nsenter"))("two TAPs with offload, bridged", () => {
  const machines: { namespace: Namespace; device: TapDevice }[] = [];
  let supers: Super[];
  let refused: number;

  beforeEach(async () => {
    supers = [];
    refused = 0;
    for (const host of [1, 2]) {
      const namespace = await Namespace.make();
      const device = openLinuxTap(await loadNative(), { name: uniqueName() });
      machines.push({ namespace, device });
      await namespace.adopt(device.name, "tap");
      const ip = (...args: string[]) => namespace.run("ip", ...args);
      await ip("link", "set", "dev", "tap", "mtu", String(MTU), "up");
      await ip("address", "add", `198.18.0.${host}/24`, "dev", "tap");
      await ip("address", "add", `fd00::${host}/64`, "dev", "tap", "nodad");
    }
    const [a, b] = machines.map(({ device }) => device) as [TapDevice, TapDevice];
    bridge(a, b);
    bridge(b, a);
  });

  afterEach(async () => {
    for (const { device, namespace } of machines.splice(0)) {
      await device.close();
      await namespace.close();
    }
  });

  function bridge(from: TapDevice, to: TapDevice): void {
    from.start({
      frames: (batch) => {
        const { bytes, count } = batch;
        for (let i = 0; i < count; i++) {
          const virtio = batch.frameAt(i) - VIRTIO_BYTES;
          const end = batch.endAt(i);
          const length = end - batch.frameAt(i);
          if (length > ETHERNET + MTU) {
            supers.push({
              length,
              type: readGsoType(bytes, virtio),
              size: readGsoSize(bytes, virtio),
              unfinished: needsCsum(bytes, virtio),
            });
          }
          if (!to.writeOffload(bytes, virtio, end)) refused++;
        }
        batch.release();
      },
      failed: () => {},
    });
  }

  it.each([
    ["IPv4", "198.18.0.2", GSO_TCPV4, 20],
    ["IPv6", "fd00::2", GSO_TCPV6, 40],
  ])("carry TCP over %s whole, in frames far above the MTU", async (_, address, type, header) => {
    const [a, b] = machines.map(({ namespace }) => namespace) as [Namespace, Namespace];
    const node = [process.execPath, "--input-type=module", "--eval"] as const;

    const [received, sent] = await Promise.all([b.run(...node, receiver), a.run(...node, sender, address)]);

    expect(sent).toMatch(/^[0-9a-f]{64}\n$/);
    expect(received).toBe(sent);
    for (const { namespace } of machines) {
      expect(await counter(namespace, "Tcp", "InCsumErrors")).toBe(0);
      expect(await counter(namespace, "Tcp", "InErrs")).toBe(0);
    }
    expect(refused).toBe(0);
    expect(Math.max(...supers.map(({ length }) => length))).toBeGreaterThan(10 * MTU);
    for (const frame of supers) {
      expect(frame).toMatchObject({ type, unfinished: true });
      expect(frame.size).toBeGreaterThan(0);
      // The MSS: what a packet holds beside its IP and TCP headers.
      expect(frame.size).toBeLessThanOrEqual(MTU - header - 20);
    }
  });
});

/** A counter of the kernel's for the namespace, from /proc/net/snmp. */
async function counter(namespace: Namespace, protocol: string, name: string): Promise<number> {
  const [names = [], values = []] = (await namespace.run("cat", "/proc/net/snmp"))
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}:`))
    .map((line) => line.split(" "));
  const value = values[names.indexOf(name)];
  if (value === undefined) throw new Error(`no counter ${protocol} ${name}`);
  return Number(value);
}
