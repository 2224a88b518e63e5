import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configureLink, hasIpv6, type LinkOptions, renameLink } from "../../../../desktop/agent/tap/link.ts";
import { openTap } from "../../../../desktop/agent/tap/open.ts";
import { requires } from "../../../support/requirements.ts";
import { interfaceExists, uniqueName } from "./interface.ts";
import { node, signal } from "./kernel.ts";

describe("setting an interface up", () => {
  const options: LinkOptions = { name: "none", mac: 0x024c57000001, mtu: 1500, txqueuelen: 100, signal };

  it("reports missing iproute2", async () => {
    await expect(configureLink({ ...options, ip: "/no/such/ip" })).rejects.toMatchObject({
      code: "link.no-iproute2",
      message: expect.stringContaining("/no/such/ip"),
      hint: expect.stringContaining("iproute2"),
    });
  });

  it.runIf(requires("ip"))("does nothing after an abort", async () => {
    const reason = new Error("enough");
    await expect(configureLink({ ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe.runIf(requires("root", "tun", "ip", "setpriv"))("setting a real interface up", () => {
  let options: LinkOptions;

  beforeEach(() => {
    const name = uniqueName("ll");
    execFileSync("ip", ["tuntap", "add", "dev", name, "mode", "tap"]);
    options = { name, mac: 0x024c57abcdef, mtu: 1400, txqueuelen: 32, signal };
  });

  afterEach(() => {
    for (const name of [options.name, `${options.name}r`]) {
      if (interfaceExists(name)) execFileSync("ip", ["link", "delete", "dev", name]);
    }
  });

  it("gives it MAC, MTU, queue and address, and brings it up", async () => {
    await configureLink({ ...options, address: "198.19.254.1/30" });
    expect(show(options.name)).toMatchObject({
      address: "02:4c:57:ab:cd:ef",
      mtu: 1400,
      txqlen: 32,
      flags: expect.arrayContaining(["UP"]),
      addr_info: expect.arrayContaining([
        expect.objectContaining({ local: "198.19.254.1", prefixlen: 30, broadcast: "198.19.254.3" }),
      ]),
    });
  });

  it("gives it an IPv6 address that is usable at once", async () => {
    expect(hasIpv6(1_279)).toBe(false);
    expect(hasIpv6(1_500, "/no/such/file")).toBe(false);
    expect(hasIpv6(1_500)).toBe(true);
    const device = await openTap({ name: options.name, signal });
    try {
      await configureLink({ ...options, address: "198.19.254.1/30", address6: "fd00:1::7/64" });
      const given = show(options.name).addr_info.find(({ local }) => local === "fd00:1::7");
      expect(given).toMatchObject({ prefixlen: 64, scope: "global", nodad: true });
      expect(given).not.toHaveProperty("tentative");
    } finally {
      await device.close();
    }
  });

  it("keeps the kernel from adding an address if told, and brings it up without IPv6 as well", async () => {
    for (const mtu of [1400, 1200]) {
      const device = await openTap({ name: options.name, signal });
      try {
        await configureLink({ ...options, mtu, linkLocal: false });
        expect(show(options.name)).toMatchObject({ flags: expect.arrayContaining(["UP"]), addr_info: [] });
        const mode = execFileSync("ip", ["-json", "-details", "link", "show", "dev", options.name], {
          encoding: "utf8",
        });
        if (mtu === 1400) expect(JSON.parse(mode)[0].inet6_addr_gen_mode).toBe("none");
      } finally {
        await device.close();
      }
    }
  });

  it("sets the MAC first, so that the link-local address is made from it", async () => {
    // The kernel sets one only while a process has the TAP open.
    const device = await openTap({ name: options.name, signal });
    try {
      await configureLink(options);
      const addresses = () => show(options.name).addr_info.map(({ local }) => local);
      await vi.waitUntil(() => addresses().length > 0, { timeout: 30_000, interval: 50 });
      expect(addresses()).toEqual(["fe80::4c:57ff:feab:cdef"]);
    } finally {
      await device.close();
    }
  });

  it.each(["198.19.254.1/32", "198.19.254.1/31", "fd00:4c57::1/64"])(
    "assigns %s without a broadcast address",
    async (address) => {
      await configureLink({ ...options, address });
      const [local, prefix] = address.split("/");
      const info = show(options.name).addr_info.find((entry) => entry.local === local);
      expect(info).toMatchObject({ prefixlen: Number(prefix) });
      expect(info).not.toHaveProperty("broadcast");
    },
  );

  it("can be done again with other values", async () => {
    await configureLink({ ...options, address: "198.19.254.1/30" });
    await configureLink({ ...options, address: "198.19.254.1/30", mac: 0x024c57000002, mtu: 1300 });
    expect(show(options.name)).toMatchObject({ address: "02:4c:57:00:00:02", mtu: 1300 });
  });

  it("repeats ip's message about an invalid address", async () => {
    await expect(configureLink({ ...options, address: "198.19.254.1/99" })).rejects.toMatchObject({
      code: "link.refused",
      message: expect.stringMatching(
        /ip address replace 198\.19\.254\.1\/99 .* failed: .*198\.19\.254\.1\/99/,
      ),
      exitCode: 1,
    });
  });

  it("repeats the kernel's message about a refused MTU", async () => {
    await expect(configureLink({ ...options, mtu: 70_000 })).rejects.toMatchObject({
      code: "link.refused",
      message: expect.stringMatching(/mtu 70000 .*failed: .*mtu/i),
    });
  });

  it("reports that the interface is gone", async () => {
    await expect(configureLink({ ...options, name: `${options.name}z` })).rejects.toMatchObject({
      code: "link.gone",
      message: expect.stringContaining(`${options.name}z`),
    });
  });

  it("reports missing permission", async () => {
    const { stdout } = await node(
      `
      import { configureLink } from "./desktop/agent/tap/link.ts";
      const { signal } = new AbortController();
      await configureLink({ name: "${options.name}", mac: 0x024c57000001, mtu: 1500, txqueuelen: 100, signal }).catch(
        ({ code, message }) => console.log(code, message),
      );
      `,
      ["setpriv", "--bounding-set=-net_admin"],
    );
    expect(stdout).toMatch(/^link\.no-permission .*not permitted/);
  });

  it("renames, but not to a name in use", async () => {
    await expect(renameLink(options.name, "lo", signal)).rejects.toMatchObject({ code: "link.name-taken" });
    await renameLink(options.name, `${options.name}r`, signal);
    expect(interfaceExists(options.name)).toBe(false);
    expect(interfaceExists(`${options.name}r`)).toBe(true);
  });
});

interface Link {
  readonly addr_info: { local: string; prefixlen: number; broadcast?: string }[];
}

function show(name: string): Link {
  const output = execFileSync("ip", ["-json", "address", "show", "dev", name], { encoding: "utf8" });
  const [link] = JSON.parse(output) as Link[];
  if (link === undefined) throw new Error(`no ${name}`);
  return link;
}
