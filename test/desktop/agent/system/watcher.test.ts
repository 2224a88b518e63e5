import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import type { NoticeEvents } from "../../../../desktop/agent/system/netlink.ts";
import { type SystemState, SystemWatcher } from "../../../../desktop/agent/system/watcher.ts";
import { requires } from "../../../support/requirements.ts";
import { interfaceIndex, uniqueName } from "../tap/interface.ts";

const WAIT = { timeout: 30_000, interval: 50 };

describe.runIf(requires("root", "ip", "tun"))("the watcher of the system", () => {
  const names: string[] = [];
  const ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends.splice(0)) end();
    for (const name of names.splice(0)) execFileSync("ip", ["link", "del", name]);
  });

  function listen(watcher: SystemWatcher): SystemState[] {
    const states: SystemState[] = [];
    ends.push(watcher.listen({ changed: (state) => states.push(state) }));
    return states;
  }

  function makeLink(): string {
    const name = uniqueName("lw");
    execFileSync("ip", ["tuntap", "add", "dev", name, "mode", "tap"]);
    names.push(name);
    return name;
  }

  it("says first how the machine stands, and then which interface was touched", async () => {
    const states = listen(new SystemWatcher());
    await expect.poll(() => states.length, WAIT).toBeGreaterThan(0);
    expect(states[0]?.sweep).toBe(true);
    const name = makeLink();
    execFileSync("ip", ["address", "add", "198.19.251.1/30", "dev", name]);
    const index = interfaceIndex(name);
    await expect.poll(() => states.some(({ touched }) => touched.has(index)), WAIT).toBe(true);
    const found = () => states.at(-1)?.links.find((link) => link.name === name)?.addresses;
    await expect.poll(found, WAIT).toMatchObject([{ cidr: "198.19.251.1/30", permanent: true }]);
  });

  it("takes a change of this process's own interfaces for no change of the way out", async () => {
    const watcher = new SystemWatcher();
    const [own, other] = [makeLink(), makeLink()];
    watcher.own(interfaceIndex(own));
    const states = listen(watcher);
    const has = (name: string, cidr: string) => () =>
      states.some(({ links }) =>
        links.some((link) => link.name === name && link.addresses.some((one) => one.cidr === cidr)),
      );
    await expect.poll(() => states.length, WAIT).toBeGreaterThan(0);
    execFileSync("ip", ["address", "add", "198.19.250.1/30", "dev", own]);
    await expect.poll(has(own, "198.19.250.1/30"), WAIT).toBe(true);
    expect(states.at(-1)?.underlay).not.toContain("198.19.250.1");
    execFileSync("ip", ["address", "add", "198.19.250.5/30", "dev", other]);
    await expect.poll(has(other, "198.19.250.5/30"), WAIT).toBe(true);
    expect(states.at(-1)?.underlay).toContain("198.19.250.5");
  });

  it("looks by itself where no notices come, and opens them anew once they fail, not at once", async () => {
    let opened = 0;
    let fail: NoticeEvents["failed"] = () => {};
    const watcher = new SystemWatcher(async (events) => {
      opened++;
      fail = events.failed;
      return { close: async () => {} };
    });
    const states = listen(watcher);
    await expect.poll(() => states.length, WAIT).toBeGreaterThan(0);
    fail(new Error("gone"));
    const name = makeLink();
    const isSeen = () => states.at(-1)?.links.some((link) => link.name === name);
    await expect.poll(isSeen, WAIT).toBe(true);
    expect(opened).toBe(1);
    await expect.poll(() => opened, WAIT).toBe(2);
  });

  it("ends with its last listener, and leaves no timer behind", async () => {
    const states = listen(new SystemWatcher());
    await expect.poll(() => states.length, WAIT).toBeGreaterThan(0);
    for (const end of ends.splice(0)) end();
    await expect.poll(() => process.getActiveResourcesInfo().includes("ProcessWrap"), WAIT).toBe(false);
    const count = states.length;
    const others = listen(new SystemWatcher());
    const name = makeLink();
    const isSeen = () => others.at(-1)?.links.some((link) => link.name === name);
    await expect.poll(isSeen, WAIT).toBe(true);
    expect(states.length).toBe(count);
  });
});
