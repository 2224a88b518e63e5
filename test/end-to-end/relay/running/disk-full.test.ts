import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";
import { requires } from "../../../support/requirements.ts";

underEachRuntime("a relay whose disk is full", (runtime) => {
  describe.runIf(requires("root", "mount", "umount"))("on a disk of its own", () => {
    let data = "";
    let relay: RelayProcess;

    beforeEach(async () => {
      data = temporaryDirectory();
      run("mount", "-t", "tmpfs", "-o", "size=4m", "laneway-test", data);
      relay = await RelayProcess.start(runtime, { data });
    });

    afterEach(async () => {
      await relay?.[Symbol.asyncDispose]();
      run("umount", data);
      rmSync(data, { recursive: true, force: true });
    });

    const filler = () => join(data, "filler");

    function fill(): void {
      const { bsize } = statfsSync(data);
      const file = openSync(filler(), "w");
      try {
        for (;;) writeSync(file, Buffer.alloc(bsize));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      } finally {
        closeSync(file);
      }
    }

    const readiness = async () => {
      const response = await fetch(`${relay.url}/readyz`);
      return { status: response.status, ...((await response.json()) as object) };
    };

    /** Waits until the store's state is `status`; the relay retries it every few seconds. */
    async function becomes(status: number): Promise<unknown> {
      for (;;) {
        const found = await fetch(`${relay.url}/readyz`);
        if (found.status === status) return await found.json();
        await found.body?.cancel();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }

    it("passes frames and enrolled devices, refuses changes with the reason, and recovers once there is room", {
      timeout: 60_000,
    }, async () => {
      const network = await relay.network();
      const tenant = `/tenants/${network.tenant}`;
      const by = await invite(relay, network, { uses: 9 });
      const device = await TestDevice.enrolled(relay, by);
      await relay.must("PATCH", `${tenant}/limits`, { macs: 3 });
      await using one = await TunnelClient.joined(relay.url, network.token, network.vni);
      await using other = await TunnelClient.joined(relay.url, network.token, network.vni);
      await one.sync();
      fill();

      const refusals = [
        await relay.api("POST", `${tenant}/tokens`, { network: network.name }),
        await relay.api("DELETE", `${tenant}/tokens/${network.tokenId}`),
        await relay.api("POST", `${tenant}/networks`, { name: "more" }),
        await new TestDevice(relay).enrol(by),
        await relay.api("GET", "/backup"),
      ];
      for (const response of refusals) {
        expect(response.status).toBe(507);
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
        expect(await response.json()).toMatchObject({
          code: "store.full",
          detail: expect.stringMatching(/^no space left for the database/),
          hint: expect.stringMatching(/^Free space/),
        });
      }
      expect(await becomes(503)).toEqual({
        status: expect.stringMatching(/^no space left for the database/),
      });
      expect(await relay.must("GET", `${tenant}/networks`)).toHaveLength(1);
      expect(await relay.must("GET", `${tenant}/tokens`)).toHaveLength(1);

      // More addresses than the tenant may have, so the relay has to record a reached limit.
      for (let machine = 1; machine <= 8; machine++) {
        await one.send(packet(network.vni, ethernet(BROADCAST, station(machine), `${machine}`)));
      }
      await one.sync();
      await other.sync();
      expect(other.takeRecords().map(({ frame }) => payloadOf(frame))).toContain("1");
      const notices = async () => JSON.stringify(await relay.must("GET", `${tenant}/notices`));
      while (!(await notices()).includes("limit.macs")) await one.sync();
      await using third = await device.joined(network.vni);
      await third.send(packet(network.vni, ethernet(BROADCAST, station(1), "still")));
      await third.sync();
      await one.sync();
      expect((await readiness()).status).not.toBe(200);

      rmSync(filler());
      expect(await becomes(200)).toEqual({ status: "ready" });
      await relay.must("POST", `${tenant}/tokens`, { network: network.name });
      await TestDevice.enrolled(relay, by);
      const log = JSON.stringify(await relay.must("GET", `${tenant}/audit`));
      expect(log).toContain('"limit.reached"');

      await relay.stop();
      const { code, stderr } = await relay.ended;
      expect(code).toBe(0);
      expect(stderr.split("\n").filter((line) => line.includes("frames go on"))).toHaveLength(1);
      expect(stderr).toMatch(/no space left for the database of the relay; frames go on/);
      expect(stderr).toContain("the store works again");
    });

    it("goes on when its log is on that disk too", { timeout: 60_000 }, async () => {
      await relay.stop();
      const { name, command, args } = runtime;
      const logging = { name, command: "sh", args: ["-c", 'exec "$0" "$@" 2>"$LOG"', command, ...args] };
      relay = await RelayProcess.start(logging, { data, env: { LOG: join(data, "relay.log") } });
      fill();
      for (let i = 0; i < 20; i++) {
        const { status } = await relay.api("POST", "/tenants", { name: "refused" });
        expect(status).toBe(507);
      }
      expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
      rmSync(filler());
      await becomes(200);
      await relay.must("POST", "/tenants", { name: "made" });
    });

    it("ends cleanly, and starts again with all its data", { timeout: 60_000 }, async () => {
      const network = await relay.network();
      writeFileSync(join(data, "kept"), "");
      fill();
      expect((await relay.api("POST", "/tenants", { name: "refused" })).status).toBe(507);
      await relay.stop();
      expect((await relay.ended).code).toBe(0);
      rmSync(filler());
      relay = await RelayProcess.start(runtime, { data });
      const names = ((await relay.must("GET", "/tenants")) as { name: string }[]).map(({ name }) => name);
      expect(names).toEqual(["default", network.tenant]);
    });
  });
});

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
