// A member that runs radvd in a network whose relay gives the addresses.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubLab, type Member, WAIT } from "../../../support/network/hub-lab.ts";
import { hasLab, JsonProcess } from "../../../support/network/lab.ts";

let lab: HubLab;
let alice: Member;

/** Makes a member advertise itself as a default router. */
async function advertise({ host, tap }: Member): Promise<JsonProcess> {
  const config = join(lab.lab.directory, `radvd-${tap}-${host.name}.conf`);
  const lines = [
    `interface ${tap} {`,
    "AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultPreference high;",
    "prefix 2001:db8:bad::/64 { };",
    "};",
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  await host.mustExec("sysctl", ["-qw", "net.ipv6.conf.all.forwarding=1"]);
  const args = ["-n", "-C", config, "-p", `${config}.pid`, "-m", "stderr"];
  return new JsonProcess(host.spawn("radvd", args, { stdio: ["ignore", "pipe", "pipe"] }), "radvd");
}

/** Returns whether alice has a default route or an address of the prefix from it. */
async function taken(): Promise<boolean> {
  const routes = await alice.host.mustExec("ip", ["-6", "route", "show", "default"]);
  const addresses = await alice.host.mustExec("ip", ["-6", "address", "show", "dev", alice.tap]);
  return routes.includes(` dev ${alice.tap} `) || addresses.includes("2001:db8:bad");
}

describe.runIf(hasLab("radvd", "sysctl"))("a network whose addresses the relay gives", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    await lab.relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    alice = await lab.join("alice", { network: "office", address: "10.20.0.2" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("lets no member take over the others' default route, and warns that member", async () => {
    const rogue = await lab.join("rogue", { network: "office", address: "10.20.0.3" });
    await using _radvd = await advertise(rogue);
    await expect.poll(() => lab.drops(rogue, "ra-guard"), WAIT).toBeGreaterThanOrEqual(2);
    expect(await taken()).toBe(false);
    await expect.poll(() => rogue.process.stderr, WAIT).toContain(`laneway: rogue-router: ${rogue.mac}`);
    await rogue.process.stop();
  });

  it("has the routers that its tokens say", async () => {
    const router = await lab.join("router", { network: "office", address: "10.20.0.4", roles: ["router"] });
    await using _radvd = await advertise(router);
    await expect.poll(taken, WAIT).toBe(true);
  });
});
