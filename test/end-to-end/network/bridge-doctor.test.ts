// A machine that bridges its TAP with a cable, like a lab's gateway, and whose firewall drops the frames.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Host } from "../../../desktop/demo/lab/host.ts";
import {
  hasLab,
  Lab,
  laneway,
  startLaneway,
  startRelay,
  type TestRelay,
  thisMachine,
} from "../../support/network/lab.ts";

const WAIT = { timeout: 40_000, interval: 100 };
const BRIDGE_SETTING = "net.bridge.bridge-nf-call-iptables";
const FAR = "10.20.0.2";

/** Returns whether a new network namespace has br_netfilter, which some kernels have as an unloaded module. */
async function hasBridgeNetfilter(): Promise<boolean> {
  return (await thisMachine.exec("sysctl", ["-n", BRIDGE_SETTING])).code === 0;
}

const bridgeNetfilter = hasLab("iptables") && (await hasBridgeNetfilter());

describe.runIf(hasLab("iptables"))(
  "laneway doctor on a machine with its TAP in a bridge",
  { timeout: 120_000 },
  () => {
    let lab: Lab;
    let relay: TestRelay;
    let gateway: Host;
    let pc: Host;
    let token: string;
    beforeAll(async () => {
      lab = await Lab.create();
      const [one, cable, other] = [
        await lab.addSite("gateway"),
        await lab.addSite("pc"),
        await lab.addSite("far"),
      ];
      [gateway, pc] = [one.host, cable.host];
      relay = await startRelay(lab);
      token = await relay.token();
      for (const [host, ...more] of [[one.host], [other.host, "--address", `${FAR}/24`]] as [
        Host,
        ...string[],
      ][]) {
        const args = ["up", "lan", "--foreground", "--relay", relay.url, "--token", token, "--tap", "lw0"];
        await startLaneway([...args, ...more], { host }).event("up");
      }
      await gateway.mustExec("ip", ["link", "add", "br0", "type", "bridge"]);
      const peer = ["type", "veth", "peer", "name", "seg0", "netns", pc.namespace];
      await gateway.mustExec("ip", ["link", "add", "seg0", ...peer]);
      for (const port of ["lw0", "seg0"]) {
        await gateway.mustExec("ip", ["link", "set", port, "master", "br0", "up"]);
      }
      await pc.mustExec("ip", ["address", "add", "10.20.0.9/24", "dev", "seg0"]);
      await pc.mustExec("ip", ["link", "set", "seg0", "up"]);
    });
    afterAll(async () => {
      await relay?.[Symbol.asyncDispose]();
      await lab?.close();
    });

    /** Returns the result of the check `bridge` on the gateway. */
    async function bridgeCheck(): Promise<{ state: string; detail: string; hint: string | null }> {
      const args = ["doctor", "--relay", relay.url, "--token", token, "--json"];
      const { objects } = await laneway(args, { host: gateway });
      return objects.find(({ check }) => check === "bridge") as Awaited<ReturnType<typeof bridgeCheck>>;
    }

    async function reaches(): Promise<boolean> {
      return (await pc.exec("ping", ["-n", "-c", "1", "-W", "1", FAR])).code === 0;
    }

    /** Follows the hint, up to its alternative. */
    async function obey(hint: string | null): Promise<void> {
      const [, command = ""] = /^[^:]+: sudo (.*?)[;.]( |$)/.exec(hint ?? "") ?? [];
      await gateway.mustExec("sh", ["-c", command]);
    }

    it("reports that the bridge is down, and how to bring it up", async () => {
      const found = await bridgeCheck();
      expect(found).toMatchObject({ state: "fail", detail: "the bridge br0 of lw0 is down" });
      await obey(found.hint);
      await vi.waitUntil(reaches, WAIT);
      expect(await bridgeCheck()).toMatchObject({ state: "pass" });
    });

    describe.runIf(bridgeNetfilter)("with br_netfilter", () => {
      it("names the policy of iptables that drops frames as Docker's does, and how to let them pass", async () => {
        const iptables = (...args: string[]) => gateway.mustExec("iptables", args);
        await iptables("-N", "DOCKER-USER");
        await iptables("-A", "FORWARD", "-j", "DOCKER-USER");
        await iptables("-P", "FORWARD", "DROP");
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=1`]);
        expect(await reaches()).toBe(false);

        const found = await bridgeCheck();
        expect(found).toMatchObject({
          state: "fail",
          detail: `IPv4 between lw0 and the other ports of br0 is dropped by the policy 'drop' of chain FORWARD in table ip filter, which sees them because of ${BRIDGE_SETTING}=1`,
          hint: `Let it pass: sudo iptables -I DOCKER-USER -i br0 -o br0 -j ACCEPT; or keep bridged frames out of it: sudo sysctl -w ${BRIDGE_SETTING}=0.`,
        });

        await obey(found.hint);
        await vi.waitUntil(reaches, WAIT);
        expect(await bridgeCheck()).toMatchObject({ state: "pass" });
        await iptables("-F", "DOCKER-USER");
        expect(await bridgeCheck()).toMatchObject({ state: "fail" });
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=0`]);
        await vi.waitUntil(reaches, WAIT);
        expect(await bridgeCheck()).toMatchObject({ state: "pass" });
        await iptables("-P", "FORWARD", "ACCEPT");
      });

      it("names a setting of the bridge itself", async () => {
        await gateway.mustExec("iptables", ["-P", "FORWARD", "DROP"]);
        await gateway.mustExec("ip", ["link", "set", "br0", "type", "bridge", "nf_call_iptables", "1"]);
        expect(await reaches()).toBe(false);
        expect(await bridgeCheck()).toMatchObject({
          state: "fail",
          detail: expect.stringMatching(/nf_call_iptables of br0$/),
          hint: expect.stringContaining("sudo ip link set br0 type bridge nf_call_iptables 0"),
        });
        await gateway.mustExec("ip", ["link", "set", "br0", "type", "bridge", "nf_call_iptables", "0"]);
        await gateway.mustExec("iptables", ["-P", "FORWARD", "ACCEPT"]);
        expect(await bridgeCheck()).toMatchObject({ state: "pass" });
      });

      it("names the policy of a legacy table", async () => {
        const { code } = await gateway.exec("iptables-legacy", ["-P", "FORWARD", "DROP"]);
        if (code !== 0) return;
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=1`]);
        expect(await reaches()).toBe(false);
        const found = await bridgeCheck();
        expect(found).toMatchObject({
          state: "fail",
          hint: expect.stringContaining("iptables-legacy -I FORWARD"),
        });
        await obey(found.hint);
        await vi.waitUntil(reaches, WAIT);
        await gateway.mustExec("iptables-legacy", ["-P", "FORWARD", "ACCEPT"]);
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=0`]);
      });

      it("names a rule of nftables that rejects them", async () => {
        const input = `table inet site {
        chain forward {
          type filter hook forward priority 0; policy accept
          ct state established,related accept
          iifname "eth*" accept
          counter reject
        }
      }`;
        await gateway.mustExec("nft", ["-f", "-"], { input });
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=1`]);
        expect(await reaches()).toBe(false);
        const found = await bridgeCheck();
        expect(found).toMatchObject({
          state: "fail",
          detail: expect.stringMatching(/the rule with handle \d+ of chain forward in table inet site/),
        });
        await obey(found.hint);
        await vi.waitUntil(reaches, WAIT);
        // IPv6 has its own setting, which is off here.
        expect(await bridgeCheck()).toMatchObject({ state: "pass" });
        await gateway.mustExec("nft", ["delete", "table", "inet", "site"]);
        await gateway.mustExec("sysctl", ["-qw", `${BRIDGE_SETTING}=0`]);
      });
    });

    it("names a chain of the bridge's own tables, which need no br_netfilter", async () => {
      const input = `table bridge guard {
      chain forward {
        type filter hook forward priority 0; policy drop
        ether type arp accept
      }
    }`;
      const { code, stderr } = await gateway.exec("nft", ["-f", "-"], { input });
      // Not in every kernel.
      if (code !== 0) return expect(stderr).toMatch(/not supported|No such file/i);
      expect(await reaches()).toBe(false);
      const found = await bridgeCheck();
      expect(found).toMatchObject({
        state: "fail",
        detail: expect.stringContaining("chain forward in table bridge guard"),
        hint: "Let it pass: sudo nft insert rule bridge guard forward accept.",
      });
      await obey(found.hint);
      await vi.waitUntil(reaches, WAIT);
      expect(await bridgeCheck()).toMatchObject({ state: "pass" });
    });

    it("skips the check if the TAP is in no bridge", async () => {
      await gateway.mustExec("ip", ["link", "set", "lw0", "nomaster"]);
      expect(await bridgeCheck()).toBeUndefined();
    });
  },
);
