import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentState, AgentStore } from "../../../../desktop/agent/service/agent-store.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "laneway-agent-store-"));
});
afterEach(() => rm(directory, { recursive: true }));

const state: AgentState = {
  settings: { log_level: "debug" },
  networks: [
    {
      relay: "https://a.example",
      tenant: "acme",
      network: "lab",
      wanted: true,
      autostart: true,
      mac: "02:00:00:00:00:01",
    },
    { relay: "https://a.example", tenant: "acme", network: "bench", wanted: true, autostart: false },
    {
      relay: "https://b.example",
      tenant: null,
      network: "lan",
      token: "secret",
      wanted: false,
      autostart: true,
    },
  ],
  admins: [{ relay: "https://a.example", token: "admin" }],
};

describe("the agent's store", () => {
  it("is empty at first", () => {
    expect(new AgentStore(directory, "boot").load()).toEqual({
      settings: { log_level: "info" },
      networks: [],
      admins: [],
    });
  });

  it("keeps everything while the machine runs, readable only by its owner", async () => {
    new AgentStore(directory, "boot").save(state);
    expect(new AgentStore(directory, "boot").load()).toEqual(state);
    expect((await stat(join(directory, "agent.json"))).mode & 0o777).toBe(0o600);
  });

  it("leaves networks without autostart down after a reboot", () => {
    new AgentStore(directory, "boot").save(state);
    const wanted = new AgentStore(directory, "another").load().networks.map((one) => one.wanted);
    expect(wanted).toEqual([true, false, false]);
  });

  it("rejects an invalid state without quoting it", async () => {
    const file = join(directory, "agent.json");
    await writeFile(file, '{"version":1,"admins":[{"token":"hidden"');
    const load = () => new AgentStore(directory, "boot").load();
    expect(load).toThrow(
      expect.objectContaining({ code: "state.corrupt", message: expect.stringContaining(file) }),
    );
    expect(load).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hidden") }));
    expect(await readFile(file, "utf8")).toContain("hidden");
  });

  it("reports that it can't be written", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    expect(() => new AgentStore(join(file, "below"), "boot").save(state)).toThrow(
      expect.objectContaining({ code: "state.unwritable" }),
    );
  });
});
