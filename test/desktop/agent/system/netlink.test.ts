import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openNotices, readNotices, type SystemNotice } from "../../../../desktop/agent/system/netlink.ts";
import { requires } from "../../../support/requirements.ts";
import { interfaceIndex, uniqueName } from "../tap/interface.ts";

describe("notices of the kernel", () => {
  it("are read from whatever comes without an error, and no more of them than fit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), fc.integer({ min: 0, max: 300 }), (bytes, length) => {
        expect(readNotices(bytes, length).length).toBeLessThanOrEqual(bytes.length / 16);
      }),
      { numRuns: 5_000 },
    );
  });

  it.runIf(requires("root", "ip", "tun"))(
    "name the interface whose link, address or route changed",
    async () => {
      const found: SystemNotice[] = [];
      const socket = await openNotices({
        notices: (notices) => found.push(...notices),
        lost: () => {},
        failed: () => {},
      });
      const name = uniqueName("ln");
      const ip = (...args: string[]) => execFileSync("ip", args);
      try {
        ip("tuntap", "add", "dev", name, "mode", "tap");
        const index = interfaceIndex(name);
        ip("link", "set", name, "up");
        ip("address", "add", "198.19.253.1/30", "dev", name);
        ip("route", "add", "198.19.252.0/30", "dev", name);
        const kinds = () => new Set(found.filter((one) => one.index === index).map(({ what }) => what));
        await expect.poll(() => [...kinds()].sort()).toEqual(["address", "link", "route"]);
      } finally {
        ip("link", "del", name);
        await socket.close();
      }
    },
  );
});
