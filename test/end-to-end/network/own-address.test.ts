// Addresses set by hand that belong to the hub or another device.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { AgentProcess } from "../../support/network/agent-process.ts";
import { hasLab, Lab, laneway, startRelay, type TestRelay, text } from "../../support/network/lab.ts";

const WAIT = { timeout: 40_000, interval: 200 };
const HUB = "10.20.0.1";

describe.runIf(hasLab())("an address given by hand", { timeout: 180_000 }, () => {
  let lab: Lab;
  let relay: TestRelay;
  let site: Site;
  let agent: AgentProcess;
  let token: string;

  beforeAll(async () => {
    lab = await Lab.create();
    site = await lab.addSite("alice");
    relay = await startRelay(lab);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    agent = await AgentProcess.start(site.host);
    const invite = await relay.create("invite", "create", "--network", "office");
    await agent.must("join", text(invite, "link"), "--name", "alice");
    await agent.must("up", "office");
    token = await relay.token("office");
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("is refused before there is an interface if it is the hub's, another device's or outside the network", async () => {
    const { host } = await lab.addSite("bob");
    const others = String((await agent.network("office"))?.address);
    const links = async () => (await host.mustExec("ip", ["-brief", "link"])).match(/^lw\S*/gm) ?? [];
    for (const [address, why] of [
      [`${HUB}/24`, "it is the hub's own"],
      [others, "it is another device's"],
      ["10.99.0.7/24", "it is outside of the network's subnet, 10.20.0.0/24"],
    ] as const) {
      const state = join(lab.directory, "state-bob");
      const args = [
        "up",
        "office",
        "--foreground",
        "--relay",
        relay.url,
        "--state",
        state,
        "--address",
        address,
      ];
      const { code, stderr } = await laneway(args, { host, env: { LANEWAY_TOKEN: token } });
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          `^laneway: this machine can't have ${address} in network 'office': ${why}\n  `,
        ),
      });
      expect(await links()).toEqual([]);
    }
    expect(await readdir(lab.directory)).not.toContain("agent.sock");
  });

  it("is reported at both ends if it is the hub's and was added to an interface that is up", async () => {
    const { tap } = (await agent.network("office")) ?? {};
    const change = (what: string) =>
      site.host.mustExec("ip", ["address", what, `${HUB}/24`, "dev", String(tap)]);
    await change("add");
    try {
      const told = async () => (await agent.network("office"))?.["warnings"];
      await expect
        .poll(told, WAIT)
        .toMatchObject([
          { code: "duplicate-address", message: expect.stringContaining(`${HUB} is used by two machines`) },
        ]);
      expect(relay.process.stderr).toContain(`"code":"duplicate-address"`);
      const { stderr } = await laneway(["status"], { host: site.host, env: agent.env });
      expect(stderr).toContain(`${HUB} is used by two machines`);
    } finally {
      await change("del");
    }
  });
});
