/** Real TAPs under test: a rig on the kernel's side, and tests that need a kernel. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { TapDevice } from "../../../../desktop/agent/tap/device.ts";
import { configureLink } from "../../../../desktop/agent/tap/link.ts";
import { VIRTIO_BYTES } from "../../../../shared/offload/virtio.ts";
import type { Rig } from "./contract.ts";
import { interfaceExists, testSubnet, uniqueName } from "./interface.ts";
import { PacketSocket } from "./packet-socket.ts";

const run = promisify(execFile);
export const repository = join(import.meta.dirname, "../../../..");
/** Never aborted: the test's own timeout ends a hanging call. */
export const { signal } = new AbortController();

/** Maximum MTU of a TAP: 65,535 bytes less an Ethernet header. */
const GREATEST_MTU = 65_521;

/** Returns a real interface, up and quiet, with its kernel's side. */
export async function kernelRig(open: (name: string) => Promise<TapDevice>): Promise<Rig> {
  const device = await open(uniqueName());
  const { name } = device;
  // Without router solicitations and multicast reports.
  const noIpv6 = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if (existsSync(noIpv6)) writeFileSync(noIpv6, "1");
  await configureLink({ name, mac: 0x024c57000001, mtu: GREATEST_MTU, txqueuelen: 1000, signal });
  const socket = new PacketSocket(name, device.offload);
  return {
    device,
    send: (frame, virtio) => socket.send(frame, virtio),
    received: () => socket.received(),
    receivedWithHeaders: () => socket.receivedWithHeaders(),
    exists: () => interfaceExists(name),
    down: async () => void (await run("ip", ["link", "set", "dev", name, "down"])),
    delete: async () => {
      // A closed device may have removed its interface already.
      if (interfaceExists(name)) await run("ip", ["link", "delete", "dev", name]).catch(() => {});
    },
    dispose: async () => socket.close(),
  };
}

/** What a real TAP must do for the machine's own network stack, and for its own process. */
export function kernelContract(
  driver: string,
  open: (name?: string) => Promise<TapDevice>,
  script: string,
): void {
  describe(`the kernel behind the ${driver} TAP device`, () => {
    it("gets the name asked for, or the first free one of lw0, lw1, …", async () => {
      const name = uniqueName();
      const named = await open(name);
      const unnamed = await open();
      try {
        expect(named.name).toBe(name);
        expect(interfaceExists(name)).toBe(true);
        expect(unnamed.name).toMatch(/^lw\d+$/);
        expect(interfaceExists(unnamed.name)).toBe(true);
      } finally {
        await Promise.all([named.close(), unnamed.close()]);
      }
      expect(interfaceExists(name)).toBe(false);
      expect(interfaceExists(unnamed.name)).toBe(false);
    });

    it("refuses a name in use, by a TAP or another interface, and leaves nothing behind", async () => {
      const device = await open(uniqueName());
      try {
        for (const taken of [device.name, "lo"]) {
          await expect(open(taken)).rejects.toMatchObject({ code: "tap.name-taken", exitCode: 1 });
        }
        expect(ownTaps()).toEqual([device.name]);
      } finally {
        await device.close();
      }
    });

    it.each(["", "sixteen-bytes-no", "a/b", "a b", "-x", ".", "..", "a:b", "lw%d", "größe", "all", "a\n"])(
      "refuses the name %j as wrong usage",
      async (name) => {
        await expect(open(name)).rejects.toMatchObject({ code: "tap.name-invalid", exitCode: 2 });
      },
    );

    it("resolves addresses, pings and passes datagrams to and from a machine behind the TAP", async () => {
      const device = await open(uniqueName());
      try {
        await expectConversation(device);
      } finally {
        await device.close();
      }
    });

    it("removes the interface when the process exits without closing", async () => {
      const name = uniqueName();
      const { stdout } = await node(`
        ${script}
        const device = await open("${name}");
        device.start({ frames: (batch) => batch.release(), failed: () => {} });
        setTimeout(() => { console.log(device.name); process.exit(0); }, 100);
      `);
      expect(stdout).toBe(`${name}\n`);
      expect(interfaceExists(name)).toBe(false);
    });

    it("continues to read after a receiver has thrown, and reports the error", async () => {
      const name = uniqueName();
      const { stdout } = await node(`
        ${script}
        import { execFileSync } from "node:child_process";
        import { testSubnet } from "./test/desktop/agent/tap/interface.ts";
        process.on("uncaughtException", (error) => console.log(error.message));
        const device = await open("${name}");
        let calls = 0;
        device.start({
          frames(batch) {
            batch.release();
            calls++;
            if (calls === 1) throw new Error("thrown");
            console.log("again");
            device.close();
          },
          failed: () => {},
        });
        const { here, there } = testSubnet("${name}");
        // The kernel sends frames whenever an interface with IPv6 or an address comes up.
        const ip = (...args) => execFileSync("ip", args);
        ip("link", "set", "dev", "${name}", "up");
        ip("address", "add", here + "/30", "dev", "${name}");
        const { createSocket } = await import("node:dgram");
        const socket = createSocket("udp4");
        const timer = setInterval(() => socket.send("x", 9, there), 50);
        const wait = setInterval(() => {
          if (calls < 2) return;
          clearInterval(timer);
          clearInterval(wait);
          socket.close();
        }, 20);
      `);
      expect(stdout).toBe("thrown\nagain\n");
      expect(interfaceExists(name)).toBe(false);
    });

    it("reports missing permission", async () => {
      const { stdout } = await node(
        `
        ${script}
        await open("${uniqueName()}").catch(({ code, exitCode, hint }) => console.log(code, exitCode, hint));
        `,
        ["setpriv", "--bounding-set=-net_admin"],
      );
      expect(stdout).toMatch(/^tap\.no-permission 1 .*root.*CAP_NET_ADMIN.*service/);
    });
  });
}

/** Brings an unstarted device up, and makes this machine's network stack talk through it: ARP, ICMP and UDP. */
export async function expectConversation(device: TapDevice): Promise<void> {
  const { here, there } = testSubnet(device.name);
  await configureLink({
    name: device.name,
    mac: 0x024c57000001,
    mtu: 1500,
    address: `${here}/30`,
    txqueuelen: 1000,
    signal,
  });
  const seen: string[] = [];
  device.start({
    frames: (batch) => {
      for (let i = 0; i < batch.count; i++) {
        const kind = answer(device, batch.block.bytes, batch.frameAt(i), batch.endAt(i));
        if (kind !== undefined) seen.push(kind);
      }
      batch.release();
    },
    failed: (error) => seen.push(error.message),
  });

  // 1,472 bytes, a header of 8 and one of 20: exactly the MTU, without fragmentation.
  const { stdout } = await run("ping", [
    "-n",
    "-c",
    "5",
    "-i",
    "0.2",
    "-W",
    "20",
    "-M",
    "do",
    "-s",
    "1472",
    there,
  ]);
  expect(stdout).toContain("5 received");
  expect(seen).toEqual(expect.arrayContaining(["arp", "icmp"]));

  const socket = createSocket("udp4").bind(0, here);
  try {
    await once(socket, "listening");
    // Before the test's own timeout, so that the caller can clean up.
    const reply = once(socket, "message", { signal: AbortSignal.timeout(30_000) });
    socket.send("through the TAP and back", 7, there);
    const [message, from] = (await reply) as [Buffer, { address: string; port: number }];
    expect(message.toString()).toBe("through the TAP and back");
    expect(from).toMatchObject({ address: there, port: 7 });
    expect(seen).toContain("udp");
  } finally {
    socket.close();
  }
}

/** Runs a module in its own Node process, started by the command `by`. */
export async function node(script: string, by: readonly string[] = []): Promise<{ stdout: string }> {
  const [command = process.execPath, ...args] = [
    ...by,
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
  ];
  return await run(command, args, { cwd: repository, timeout: 50_000 });
}

/** Returns the interfaces of the TAPs that this process has open. */
function ownTaps(): string[] {
  return readdirSync("/proc/self/fdinfo").flatMap((fd) => {
    try {
      const name = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1").match(/^iff:\s*(\S*)$/m)?.[1];
      return name === undefined ? [] : [name];
    } catch {
      return []; // the descriptor of the directory itself
    }
  });
}

/**
 * Plays the machine behind the TAP: answers ARP, echoes pings and datagrams. Swapping source and destination keeps the
 * checksums right, finished or not. Turning an echo request (8) into a reply (0) adds 0x0800 to its checksum.
 */
function answer(device: TapDevice, bytes: Uint8Array, start: number, end: number): string | undefined {
  const reply = Buffer.from(bytes.subarray(start - (device.offload ? VIRTIO_BYTES : 0), end));
  const frame = reply.subarray(reply.length - (end - start));
  const [here, there] = [frame.subarray(6, 12), Buffer.from([0x02, 0x4c, 0x57, 0, 0, 2])];
  here.copy(frame, 0);
  there.copy(frame, 6);
  const type = frame.readUInt16BE(12);
  if (type === 0x0806 && frame.readUInt16BE(20) === 1) {
    const [sender, target] = [Buffer.from(frame.subarray(22, 32)), Buffer.from(frame.subarray(38, 42))];
    frame.writeUInt16BE(2, 20);
    there.copy(frame, 22);
    target.copy(frame, 28);
    sender.copy(frame, 32);
    expectWritten(device, reply);
    return "arp";
  }
  if (type !== 0x0800) return undefined;
  swap(frame, 26, 30, 4);
  if (frame[23] === 1 && frame[34] === 8) {
    const checksum = frame.readUInt16BE(36) + 0x0800;
    frame[34] = 0;
    frame.writeUInt16BE((checksum & 0xffff) + (checksum >>> 16), 36);
    expectWritten(device, reply);
    return "icmp";
  }
  if (frame[23] === 17) {
    swap(frame, 34, 36, 2);
    expectWritten(device, reply);
    return "udp";
  }
  return undefined;
}

function expectWritten(device: TapDevice, bytes: Uint8Array): void {
  const written = device.offload
    ? device.writeOffload(bytes, 0, bytes.length)
    : device.write(bytes, 0, bytes.length);
  expect(written).toBe(true);
}

function swap(frame: Buffer, a: number, b: number, length: number): void {
  const first = Buffer.from(frame.subarray(a, a + length));
  frame.copy(frame, a, b, b + length);
  first.copy(frame, b);
}
