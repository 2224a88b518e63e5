import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TapDevice } from "../../../../desktop/agent/tap/device.ts";
import { openLinuxTap } from "../../../../desktop/agent/tap/linux.ts";
import { loadNative } from "../../../../desktop/agent/tap/native.ts";
import { DatagramJoiner } from "../../../../shared/offload/datagram-joiner.ts";
import {
  GSO_TCPV4,
  GSO_TCPV6,
  needsCsum,
  readGsoSize,
  readGsoType,
  VIRTIO_BYTES,
} from "../../../../shared/offload/virtio.ts";
import { requires } from "../../../support/requirements.ts";
import { uniqueName } from "./interface.ts";
import { Namespace } from "./namespace.ts";

/** Bytes of a packet, and of an Ethernet header. */
const MTU = 1500;
const ETHERNET = 14;

const TRANSFER_BYTES = 24 * 1024 * 1024;

/** Sends {@link TRANSFER_BYTES} in which any error of place or order shows, and prints their hash. */
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

/** Prints the hash of the bytes that arrived. */
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

/** Datagrams in a burst, few enough for a receiver's buffer, and number of bursts. */
const BURST = 40;
const BURSTS = 60;

/** Sends bursts of datagrams, each after the previous one arrived, and prints their hash. */
const datagramSender = `
  import { createHash, randomBytes } from "node:crypto";
  import { createSocket } from "node:dgram";
  const address = process.argv[1];
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const hash = createHash("sha256");
  const lengths = [() => 64, () => 1400, (i) => (i % 4 === 3 ? 20 : 500), (i) => 64 + (i % 3)];
  let sent = 0;
  const burst = () => {
    const length = lengths[sent % lengths.length];
    sent++;
    for (let i = 0; i < ${BURST}; i++) {
      const datagram = randomBytes(length(i));
      hash.update(datagram).update("|");
      socket.send(datagram);
    }
  };
  socket.on("error", () => {});
  socket.on("message", () => {
    clearInterval(attempts);
    if (sent < ${BURSTS}) return burst();
    console.log(hash.digest("hex"));
    socket.close();
  });
  // The other end takes a moment until it listens.
  let attempts;
  socket.connect(5001, address, () => {
    attempts = setInterval(() => socket.send("?"), 50);
  });
`;

/** Prints the hash of the datagrams that arrived. */
const datagramReceiver = `
  import { createHash } from "node:crypto";
  import { createSocket } from "node:dgram";
  const hash = createHash("sha256");
  let received = 0;
  const socket = createSocket("udp6", (datagram, { port, address }) => {
    if (datagram.equals(Buffer.from("?"))) {
      if (received === 0) socket.send("!", port, address);
      return;
    }
    hash.update(datagram).update("|");
    received++;
    if (received % ${BURST} > 0) return;
    socket.send("!", port, address, () => {
      if (received < ${BURST * BURSTS}) return;
      console.log(hash.digest("hex"));
      socket.close();
    });
  });
  socket.bind(5001);
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
  let mostJoined: number;

  beforeEach(async () => {
    supers = [];
    refused = 0;
    mostJoined = 0;
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
  });

  afterEach(async () => {
    for (const { device, namespace } of machines.splice(0)) {
      await device.close();
      await namespace.close();
    }
  });

  function bridgeAll(pass: (from: TapDevice, to: TapDevice) => void): void {
    const [a, b] = machines.map(({ device }) => device) as [TapDevice, TapDevice];
    pass(a, b);
    pass(b, a);
  }

  /** Forwards frames unchanged. */
  function bridge(from: TapDevice, to: TapDevice): void {
    from.start({
      frames: (batch) => {
        const { count } = batch;
        const { bytes } = batch.block;
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

  /** Forwards datagrams as super-frames. */
  function bridgeJoined(from: TapDevice, to: TapDevice): void {
    const joiner = new DatagramJoiner((bytes, virtio, end, frames) => {
      mostJoined = Math.max(mostJoined, frames);
      if (!to.writeOffload(bytes, virtio, end)) refused += frames;
    });
    from.start({
      frames: (batch) => {
        for (let i = 0; i < batch.count; i++) {
          joiner.add(batch.block.bytes, batch.frameAt(i) - VIRTIO_BYTES, batch.endAt(i));
        }
        joiner.flush();
        batch.release();
      },
      failed: () => {},
    });
  }

  it.each([
    ["IPv4", "198.18.0.2", GSO_TCPV4, 20],
    ["IPv6", "fd00::2", GSO_TCPV6, 40],
  ])("carry TCP over %s whole, in frames far above the MTU", async (_, address, type, header) => {
    bridgeAll(bridge);
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
      // The MSS: a packet without its IP and TCP headers.
      expect(frame.size).toBeLessThanOrEqual(MTU - header - 20);
    }
  });

  it.each([
    ["IPv4", "198.18.0.2"],
    ["IPv6", "fd00::2"],
  ])("carry joined UDP datagrams over %s as each was sent", async (_, address) => {
    bridgeAll(bridgeJoined);
    const [a, b] = machines.map(({ namespace }) => namespace) as [Namespace, Namespace];
    const node = [process.execPath, "--input-type=module", "--eval"] as const;

    const [received, sent] = await Promise.all([
      b.run(...node, datagramReceiver),
      a.run(...node, datagramSender, address),
    ]);

    expect(sent).toMatch(/^[0-9a-f]{64}\n$/);
    expect(received).toBe(sent);
    for (const { namespace } of machines) {
      expect(await counter(namespace, "Udp", "InCsumErrors")).toBe(0);
      expect(await counter(namespace, "Udp", "InErrors")).toBe(0);
    }
    expect(refused).toBe(0);
    expect(mostJoined).toBeGreaterThan(1);
  });
});

/** Returns a counter of the kernel for the namespace, from /proc/net/snmp. */
async function counter(namespace: Namespace, protocol: string, name: string): Promise<number> {
  const [names = [], values = []] = (await namespace.run("cat", "/proc/net/snmp"))
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}:`))
    .map((line) => line.split(" "));
  const value = values[names.indexOf(name)];
  if (value === undefined) throw new Error(`no counter ${protocol} ${name}`);
  return Number(value);
}
