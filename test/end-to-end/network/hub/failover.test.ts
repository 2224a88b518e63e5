// Routers that share an address by VRRP, with keepalived, and take over from each other.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubLab, type Member, ping, WAIT } from "../../../support/network/hub-lab.ts";
import { hasLab, JsonProcess } from "../../../support/network/lab.ts";
import { repeats } from "../../../support/repeats.ts";

const VIRTUAL = "10.20.0.100";
const VIRTUAL_MAC = "00:00:5e:00:01:33";
const TURNS = repeats(2, 4);

let lab: HubLab;
let client: Member;
let first: Member;
let second: Member;

/** Starts keepalived on a member, which becomes the router unless one of a higher priority runs. */
async function start(
  { host, tap, port }: Member,
  priority: number,
  hasVirtualMac: boolean,
): Promise<JsonProcess> {
  const file = (name: string) => join(lab.lab.directory, `keepalived-${port}.${name}`);
  const config = `
global_defs {
  router_id ${port}
  vrrp_version 3
  vrrp_garp_master_delay 1
}
vrrp_instance gateway {
  state BACKUP
  interface ${tap}
  ${hasVirtualMac ? "use_vmac vr51" : ""}
  virtual_router_id 51
  priority ${priority}
  advert_int 0.2
  virtual_ipaddress { ${VIRTUAL}/24 }
}
`;
  await writeFile(file("conf"), config);
  const files = ["-f", file("conf"), "-p", file("pid"), "-r", file("vrrp.pid")];
  const child = host.spawn("keepalived", ["--dont-fork", "--log-console", "--vrrp", ...files], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new JsonProcess(child, "keepalived");
}

/** Stops and starts the first router repeatedly; each time a router must have the address within seconds. */
async function takeTurns(hasVirtualMac: boolean): Promise<void> {
  await using _standby = await start(second, 100, hasVirtualMac);
  const isReached = () => expect.poll(() => ping(client, VIRTUAL, "-W", "1"), WAIT).toBe(3);
  for (let turn = 1; turn <= TURNS; turn++) {
    const router = await start(first, 150, hasVirtualMac);
    await expect.poll(() => holds(first), WAIT).toBe(true);
    await isReached();
    await router.stop();
    await expect.poll(() => holds(second), WAIT).toBe(true);
    await isReached();
  }
}

/** Returns whether a member has the virtual address now. */
async function holds({ host }: Member): Promise<boolean> {
  return (await host.mustExec("ip", ["-brief", "-4", "address"])).includes(`${VIRTUAL}/24`);
}

describe.runIf(hasLab("keepalived", "sysctl"))("routers that take turns", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    client = await lab.join("client", { address: "10.20.0.1" });
    first = await lab.join("first", { address: "10.20.0.2" });
    second = await lab.join("second", { address: "10.20.0.3" });
    for (const { host, tap } of [first, second]) {
      // keepalived's documentation requires this for a virtual MAC.
      const settings = ["all.rp_filter=0", `${tap}.rp_filter=0`, "all.arp_ignore=1", "all.arp_announce=2"];
      await host.mustExec("sysctl", ["-qw", ...settings.map((one) => `net.ipv4.conf.${one}`)]);
    }
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("are reached by their virtual MAC at any port, without a hold after moves", async () => {
    await takeTurns(true);
    for (const { process } of [first, second]) expect(process.stderr).not.toContain("duplicate");
    const [row] = (await lab.show("fdb")).filter(({ mac }) => mac === VIRTUAL_MAC);
    expect(row).toMatchObject({ port: second.port });
    for (const one of [first, second]) expect(await lab.drops(one, "duplicate-mac")).toBe(0);
  });

  it("are reached without a virtual MAC too, with registered addresses and bound sources", async () => {
    await lab.set("lan", "source-binding=on");
    await takeTurns(false);
    const owner = async () =>
      (await lab.show("neighbours")).find(({ address }) => address === VIRTUAL)?.["port"];
    // The last one has gone, and announced it.
    await expect.poll(owner, WAIT).toBe(undefined);
  });
});
