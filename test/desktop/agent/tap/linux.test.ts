import { execFileSync } from "node:child_process";
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { type LinuxTapOptions, openLinuxTap } from "../../../../desktop/agent/tap/linux.ts";
import { loadNative, type Native } from "../../../../desktop/agent/tap/native.ts";
import { requires } from "../../../support/requirements.ts";
import { tapContract } from "./contract.ts";
import { interfaceExists, uniqueName } from "./interface.ts";
import { expectConversation, kernelContract, kernelRig } from "./kernel.ts";
import { noOffloadContract, offloadContract } from "./offload-contract.ts";

async function open(options: LinuxTapOptions = {}, native?: Native) {
  return openLinuxTap(native ?? (await loadNative()), options);
}
const openPlain = (name?: string) => open({ name, offload: false });
const openOffload = (name?: string) => open({ name });

const script = (offload: boolean) => `
  import { openLinuxTap } from "./desktop/agent/tap/linux.ts";
  import { loadNative } from "./desktop/agent/tap/native.ts";
  const open = async (name) => openLinuxTap(await loadNative(), { name, offload: ${offload} });
`;

describe.runIf(requires("root", "tun", "ip", "ping", "setpriv"))("the driver of Linux", () => {
  tapContract("koffi", () => kernelRig(openPlain));
  noOffloadContract("koffi", () => kernelRig(openPlain));
  kernelContract("koffi", openPlain, script(false));
  tapContract("offloading koffi", () => kernelRig(openOffload));
  offloadContract("offloading koffi", () => kernelRig(openOffload));
  kernelContract("offloading koffi", openOffload, script(true));

  it("takes over a persistent TAP, and leaves it in place on closing", async () => {
    await withPersistentTap(async (name) => {
      const device = await openOffload(name);
      expect(device.name).toBe(name);
      await device.close();
      expect(interfaceExists(name)).toBe(true);
    });
  });

  it("turns offload off in a persistent TAP on closing", async () => {
    await withPersistentTap(async (name) => {
      await (await openOffload(name)).close();
      // Drivers without offload do not turn it off.
      const native: Native = { ...(await loadNative()), ioctlValue: () => 0 };
      const device = await open({ name, offload: false }, native);
      try {
        await expectConversation(device);
      } finally {
        await device.close();
      }
    });
  });

  it("takes over a persistent TAP of an owner with offload, without using offload", async () => {
    await withPersistentTap(async (name) => {
      const native = await loadNative();
      // As if it had been killed.
      const killed: Native = {
        ...native,
        ioctlValue: (...args) => (args[2] === 0 ? 0 : native.ioctlValue(...args)),
      };
      await (await open({ name }, killed)).close();
      const device = await openPlain(name);
      try {
        await expectConversation(device);
      } finally {
        await device.close();
      }
    });
  });

  it.each([
    ["before Linux 6.2, which can't segment UDP", 0x0f],
    ["that can't segment TCP with ECN either", 0x01],
    ["that leaves no work to anybody", 0x00],
  ])("has offload on a kernel %s", async (_, spoken) => {
    const native = await loadNative();
    const accepted: number[] = [];
    const limited: Native = {
      ...native,
      ioctlValue: (fd, request, argument) => {
        if ((argument & ~spoken) !== 0) return -1;
        accepted.push(argument);
        return native.ioctlValue(fd, request, argument);
      },
    };
    const device = await open({ name: uniqueName() }, limited);
    try {
      expect(device.offload).toBe(true);
      await expectConversation(device);
      expect(accepted).toEqual(spoken === 0 ? [] : [spoken]);
    } finally {
      await device.close();
    }
  });

  it("works without offload on a kernel without virtio-net headers", async () => {
    const native = await loadNative();
    let refused = false;
    const limited: Native = {
      ...native,
      ioctl: (fd, request, argument) => {
        const flags = Buffer.from(argument).readUInt16LE(16);
        refused = (flags & 0x4000) !== 0;
        return refused ? -1 : native.ioctl(fd, request, argument);
      },
      errno: () => (refused ? constants.errno.EINVAL : native.errno()),
    };
    const device = await open({ name: uniqueName() }, limited);
    try {
      expect(device.offload).toBe(false);
      await expectConversation(device);
    } finally {
      await device.close();
    }
  });

  it.each([
    ["an unknown kind of super-frame", [1, 2, 54, 0, 100, 0, 34, 0, 16, 0]],
    ["segments of no length", [1, 1, 54, 0, 0, 0, 34, 0, 16, 0]],
    ["headers longer than the frame", [1, 1, 0xff, 0xff, 100, 0, 34, 0, 16, 0]],
    ["a checksum outside the frame", [1, 0, 0, 0, 0, 0, 0xff, 0, 0xff, 3]],
    ["a checksum's place that overflows", [1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]],
    ["nothing but ones", Array<number>(10).fill(0xff)],
  ])("is refused a header with %s by the kernel, and goes on", async (_, header) => {
    const rig = await kernelRig(openOffload);
    try {
      const bytes = new Uint8Array(1010);
      bytes.set(header);
      bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 8, 0x88, 0xb5], 10);
      expect(rig.device.writeOffload(bytes, 0, 1010)).toBe(false);
      expect(rig.device.write(bytes, 10, 1010)).toBe(true);
      expect(rig.received().length).toBe(1);
    } finally {
      await rig.device.close();
      await rig.dispose();
    }
  });
});

async function withPersistentTap(use: (name: string) => Promise<void>): Promise<void> {
  const name = uniqueName();
  execFileSync("ip", ["tuntap", "add", "dev", name, "mode", "tap"]);
  try {
    await use(name);
  } finally {
    execFileSync("ip", ["link", "delete", "dev", name]);
  }
}

describe("the driver of Linux without the kernel's driver", () => {
  it.runIf(process.platform === "linux")("reports the missing device", async () => {
    const native = await loadNative();
    expect(() => openLinuxTap(native, { cloneDevice: "/dev/net/no-such-device" })).toThrow(
      expect.objectContaining({ code: "tap.no-device", exitCode: 1 }),
    );
  });
});
