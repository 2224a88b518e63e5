import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { restore } from "../../../../relay/store/backup.ts";
import { TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a backup", (runtime) => {
  function directory(): string {
    const path = temporaryDirectory();
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  async function backUp(relay: RelayProcess, to: string): Promise<string> {
    const response = await relay.api("GET", "/backup");
    expect(response.status).toBe(200);
    const file = join(to, "backup.db");
    writeFileSync(file, await response.bytes());
    return file;
  }

  it("contains everything from before it was taken, and nothing from after", async () => {
    const data = directory();
    await using relay = await RelayProcess.start(runtime, { data });
    const network = await relay.network();
    const device = await TestDevice.enrolled(relay, await invite(relay, network));
    const file = await backUp(relay, directory());
    await relay.must("DELETE", `/tenants/${network.tenant}`);
    await relay.must("POST", "/tenants", { name: "later" });
    await relay.stop();

    const kept = restore(file, data);

    expect(existsSync(kept ?? "")).toBe(true);
    expect(statSync(join(data, "laneway.db")).mode & 0o777).toBe(0o600);
    await using again = await RelayProcess.start(runtime, { data, listen: new URL(relay.url).host });
    await using one = await TunnelClient.joined(again.url, network.token, network.vni);
    await using other = await device.joined(network.vni);
    await one.sync();
    await other.sync();
    expect(await again.must("GET", "/tenants")).not.toContainEqual({ name: "later" });
  });

  it("starts a relay elsewhere, with a new administrator's token", async () => {
    await using relay = await RelayProcess.start(runtime);
    const network = await relay.network();
    const data = join(directory(), "new");
    expect(restore(await backUp(relay, directory()), data)).toBeUndefined();
    await using other = await RelayProcess.start(runtime, { data });
    expect(other.adminToken).not.toBe(relay.adminToken);
    await using client = await TunnelClient.joined(other.url, network.token, network.vni);
    await client.sync();
  });

  it("leaves no files in the data directory", async () => {
    await using relay = await RelayProcess.start(runtime);
    const before = readdirSync(relay.data).sort();
    await backUp(relay, directory());
    expect(readdirSync(relay.data).sort()).toEqual(before);
  });

  it("is not restored under a running relay", async () => {
    await using relay = await RelayProcess.start(runtime);
    const file = await backUp(relay, directory());
    const before = readdirSync(relay.data).sort();
    expect(() => restore(file, relay.data)).toThrow(expect.objectContaining({ code: "store.in-use" }));
    expect(readdirSync(relay.data).sort()).toEqual(before);
    await relay.network();
  });

  it.each<[string, Buffer, string]>([
    ["is no database", Buffer.from("not a database ".repeat(200)), "store.unusable"],
    ["is empty", Buffer.alloc(0), "store.unusable"],
  ])("that %s is refused, and the existing data stays unchanged", async (_what, bytes, code) => {
    const data = directory();
    await using relay = await RelayProcess.start(runtime, { data });
    await relay.stop();
    const before = readFileSync(join(data, "laneway.db"));
    const file = join(directory(), "bad.db");
    writeFileSync(file, bytes);
    expect(() => restore(file, data)).toThrow(expect.objectContaining({ code }));
    expect(() => restore(join(data, "nothing.db"), data)).toThrow(
      expect.objectContaining({ code: "restore.unreadable" }),
    );
    expect(readFileSync(join(data, "laneway.db")).equals(before)).toBe(true);
    expect(readdirSync(data).sort()).toEqual(["admin.token", "laneway.db"]);
  });

  it("by SIGKILL at any moment keeps every acknowledged invite", async () => {
    const data = directory();
    const links: string[] = [];
    for (let round = 0; round < 3; round++) {
      await using relay = await RelayProcess.start(runtime, { data });
      const path = "/tenants/default/invites";
      const making = (async () => {
        for (;;) {
          const made = await relay.api("POST", path, { network: "lan" }).catch(() => undefined);
          const { id } = ((await made?.json().catch(() => undefined)) ?? {}) as { id?: string };
          if (id === undefined) return;
          links.push(id);
        }
      })();
      const had = links.length;
      while (links.length < had + 10 * (round + 1)) await new Promise(setImmediate);
      await relay.stop("SIGKILL");
      await making;
    }
    await using relay = await RelayProcess.start(runtime, { data });
    const list = (await relay.must("GET", "/tenants/default/invites")) as { id: string }[];
    const there = new Set(list.map(({ id }) => id));
    expect(links.filter((id) => !there.has(id))).toEqual([]);
  });
});
