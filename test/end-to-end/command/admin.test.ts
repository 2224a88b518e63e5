// The administration commands as a program and a person see them.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../shared/switch/settings.ts";
import { commandsOf } from "../../support/network/commands.ts";
import { laneway, startRelay, type TestRelay, text } from "../../support/network/lab.ts";
import { ethernet, packet, station, TunnelClient } from "../../support/relay/client.ts";

let relay: TestRelay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay[Symbol.asyncDispose]());
const { human, objects } = commandsOf(() => relay);

async function names(...args: string[]): Promise<unknown[]> {
  return (await objects(...args)).map((object) => Reflect.get(object, "name"));
}

describe("laneway tenant", () => {
  it("creates, lists and deletes tenants, besides the initial one called default", async () => {
    expect(await objects("tenant", "list")).toMatchObject([{ name: "default" }]);
    expect(await relay.create("tenant", "create", "acme")).toMatchObject({ name: "acme" });
    const [list, table] = await Promise.all([names("tenant", "list"), human("tenant", "list")]);
    expect(list).toEqual(["acme", "default"]);
    expect(table).toMatch(/^acme\s*$/m);
    await human("tenant", "delete", "acme");
    expect(await names("tenant", "list")).toEqual(["default"]);
  });

  it("deletes a tenant with its networks and tokens", async () => {
    await relay.create("tenant", "create", "gone");
    await relay.create("network", "create", "lan", "--tenant", "gone", "--vni", "5000");
    await relay.create("token", "create", "--tenant", "gone");
    await human("tenant", "delete", "gone");
    await relay.create("tenant", "create", "gone");
    const lists = ["network", "token"].map((what) => objects(what, "list", "--tenant", "gone"));
    expect(await Promise.all(lists)).toEqual([[], []]);
    const again = await relay.create("network", "create", "lan", "--tenant", "gone", "--vni", "5000");
    expect(again).toMatchObject({ vni: 5000 });
  });
});

describe("laneway network", () => {
  const lan = {
    name: "lan",
    tenant: "default",
    vni: 101,
    group: "239.0.0.101",
    mtu: 1500,
    subnet: expect.stringMatching(/^10\.(12[89]|1[3-9]\d|2\d\d)\.\d+\.0\/24$/),
    addresses: true,
    mode: "switch",
  };

  it("starts with a network called lan", async () => {
    const lists = await Promise.all([objects("network", "list"), objects("network", "show", "lan")]);
    expect(lists).toMatchObject([[lan], [lan]]);
  });

  it("creates a network with its options, and shows and lists it", async () => {
    const options = ["--vni", "70000", "--subnet", "10.20.0.0/24", "--mtu", "1400", "--mode", "wire"];
    const created = await relay.create("network", "create", "office", ...options, "--no-addresses");
    expect(created).toMatchObject({
      name: "office",
      tenant: "default",
      vni: 70_000,
      // 239. and the VNI as three bytes: 70,000 is 1 · 65,536 + 17 · 256 + 112.
      group: "239.1.17.112",
      mtu: 1400,
      subnet: "10.20.0.0/24",
      mode: "wire",
    });
    const [show, list] = await Promise.all([
      objects("network", "show", "office"),
      objects("network", "list"),
    ]);
    expect(show).toEqual([created]);
    expect(list).toContainEqual(created);
  });

  it("finds a free VNI by default, and refuses one that any tenant has", async () => {
    await relay.create("tenant", "create", "numbers");
    const made = await Promise.all([
      relay.create("network", "create", "one"),
      relay.create("network", "create", "one", "--tenant", "numbers"),
    ]);
    const vnis = [lan, ...made].map(({ vni }) => vni);
    expect(new Set(vnis).size, vnis.join()).toBe(3);
    const again = await relay.admin("network", "create", "two", "--tenant", "numbers", "--vni", `${vnis[1]}`);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain(`VNI ${vnis[1]}`);
    expect(await names("network", "list", "--tenant", "numbers")).toEqual(["one"]);
  });

  it("keeps tenants' networks of one name apart", async () => {
    await relay.create("tenant", "create", "twin");
    const twin = await relay.create("network", "create", "lan", "--tenant", "twin");
    expect(twin).toMatchObject({ name: "lan", tenant: "twin" });
    expect(await objects("network", "show", "lan", "--tenant", "twin")).toEqual([twin]);
    await human("network", "delete", "lan", "--tenant", "twin");
    expect(await objects("network", "list", "--tenant", "twin")).toEqual([]);
    expect(await objects("network", "show", "lan")).toMatchObject([lan]);
  });

  it("prints the same for people, in words and columns", async () => {
    const [list, show, created] = await Promise.all([
      human("network", "list"),
      human("network", "show", "lan"),
      human("network", "create", "for-people", "--subnet", "10.9.0.0/16"),
    ]);
    expect(list).toMatch(/^lan\s+default\s+101\s+239\.0\.0\.101\s+1500\s/m);
    for (const line of [
      /^name\s+lan$/m,
      /^vni\s+101$/m,
      /^mtu\s+1500$/m,
      /^settings\s+ageing=300$/m,
      /^\s+dhcp-guard=auto$/m,
      /^\s+snooping=on$/m,
    ]) {
      expect(show).toMatch(line);
    }
    for (const word of ["for-people", "10.9.0.0/16", "239."]) expect(created).toContain(word);
    for (const said of [list, show, created]) expect(said).not.toMatch(/[{}"]|null|undefined/);
  });
});

describe("laneway network set", () => {
  it("changes the named settings, also those chosen at creation", async () => {
    const chosen = ["--set", "ageing=60", "source-binding=on"];
    const created = await relay.create("network", "create", "tuned", ...chosen);
    const settings = { ...DEFAULT_SETTINGS, ageing: 60, source_binding: true };
    expect(created).toMatchObject({ settings });
    const changes = [
      "dhcp-guard=on",
      "storm-broadcast=500",
      "source-binding=off",
      "ethertypes=deny:0x88cc,llc",
    ];
    const changed = {
      ...settings,
      source_binding: false,
      dhcp_guard: "on",
      storm_broadcast: 500,
      ethertypes: "deny:0x88cc,llc",
    };
    expect(await relay.create("network", "set", "tuned", ...changes)).toMatchObject({ settings: changed });
    expect(await objects("network", "show", "tuned")).toMatchObject([{ settings: changed }]);
    expect(await human("network", "set", "tuned", "vlan=strip")).toMatch(/^\s+vlan=strip$/m);
  });
});

describe("laneway token", () => {
  it("may open several networks, and have roles", async () => {
    for (const name of ["first", "second"]) await relay.create("network", "create", name);
    const options = ["--network", "first", "second", "--role", "dhcp-server", "router"];
    const created = await relay.create("token", "create", ...options);
    const opened = { networks: ["first", "second"], roles: ["dhcp-server", "router"] };
    expect(created).toMatchObject({ network: "first", ...opened });
    const [list, table] = await Promise.all([objects("token", "list"), human("token", "list")]);
    expect(list).toContainEqual(expect.objectContaining({ id: text(created, "id"), ...opened }));
    expect(table).toMatch(/\sfirst,second\s+dhcp-server,router\s/);
  });

  it("shows a token once, when it is created", async () => {
    const created = await relay.create("token", "create", "--name", "the printer", "--expires", "7d");
    expect(created).toMatchObject({ network: "lan", tenant: "default" });
    const id = text(created, "id");
    // At least 128 bits in any encoding.
    expect(text(created, "token").length).toBeGreaterThanOrEqual(22);
    const [list, table] = await Promise.all([objects("token", "list"), human("token", "list")]);
    expect(list).toContainEqual(expect.objectContaining({ id, network: "lan", tenant: "default" }));
    for (const token of list) expect(token).not.toHaveProperty("token");
    expect(table).toMatch(new RegExp(`^${id}\\s+lan\\s+-\\s+default\\s+the printer`, "m"));
    expect(JSON.stringify(list) + table).not.toContain(text(created, "token"));
  });

  it("is for the network and tenant named, and gone when it is revoked", async () => {
    await relay.create("tenant", "create", "keys");
    await relay.create("network", "create", "vault", "--tenant", "keys");
    const created = await relay.create("token", "create", "--network", "vault", "--tenant", "keys");
    expect(created).toMatchObject({ network: "vault", tenant: "keys" });
    const id = text(created, "id");
    expect((await relay.admin("token", "revoke", id)).code).toBe(1);
    expect(await objects("token", "list", "--tenant", "keys")).toMatchObject([{ id }]);
    await human("token", "revoke", id, "--tenant", "keys");
    expect(await objects("token", "list", "--tenant", "keys")).toEqual([]);
  });

  it("opens its network until it expires", async () => {
    const [soon, later] = await Promise.all([
      relay.create("token", "create", "--expires", "1s"),
      relay.create("token", "create", "--expires", "1h"),
    ]);
    // A network that neither allows: this answer shows that the relay welcomed the client, and no TAP was made.
    const up = async (token: string) => {
      const result = await laneway(["up", "no-such-network", "--relay", relay.url, "--token", token], {
        env: { LANEWAY_STATE: relay.data },
      });
      expect(result.code).toBe(1);
      return result.stderr;
    };
    await expect.poll(() => up(text(soon, "token")), { timeout: 30_000 }).toContain("4001");
    expect(await up(text(later, "token"))).toContain("no-such-network");
  });
});

describe("the state of a network", () => {
  it.each([
    ["fdb", /mac\s+vni\s+port\s+kind\s+age/],
    ["groups", /group\s+vni\s+ports/],
    ["neighbours", /address\s+mac\s+port\s+kind\s+age/],
    ["counters", /port\s+name\s+state\s+rx_frames\s+tx_frames\s+drops/],
  ])("is an empty %s while the network has no members", async (command, header) => {
    expect(await objects(command, "--network", "lan")).toEqual([]);
    expect((await human(command)).toLowerCase()).toMatch(header);
  });

  it("is shown in words and columns", async () => {
    const network = await relay.create("network", "create", "lively");
    const vni = Number(Reflect.get(network, "vni"));
    const token = await relay.token("lively");
    await using alice = await TunnelClient.joined(relay.url, token, vni, { name: "alice" });
    const endpoints = [{ mac: station(1), addresses: ["10.20.0.1"] }];
    alice.say({ type: "register", vni, endpoints });
    await alice.send(packet(vni, ethernet("01:80:c2:00:00:0e", station(1))));
    await alice.sync();
    const of = ["--network", "lively"];
    const [fdb, groups, neighbours, counters, trace] = await Promise.all([
      ...["fdb", "groups", "neighbours", "counters"].map((command) => human(command, ...of)),
      human("trace", ...of, "--from", "alice", "--to", "broadcast"),
    ]);
    expect(fdb).toMatch(/^02:00:00:00:00:01\s+\d+\s+\w+\s+registered\s/m);
    expect(groups).toMatch(/^239\.\S+\s+\d+\s+\w+$/m);
    expect(neighbours).toMatch(/^10\.20\.0\.1\s+02:00:00:00:00:01\s+\w+\s+registered\s/m);
    expect(counters).toMatch(/\salice\s+open\s+1\s+0\s+link-local=1$/m);
    expect(trace).toMatch(/^outcome\s+dropped\s+.*no-receiver/m);
    for (const said of [fdb, groups, neighbours, counters, trace])
      expect(said).not.toMatch(/[{}"[\]]|undefined/);
    expect(await objects("trace", ...of, "--from", "alice", "--to", "10.20.0.1")).toContainEqual(
      expect.objectContaining({ step: "outcome", result: "dropped" }),
    );
  });
});

describe("every administration command", () => {
  it("takes relay and administrator's token from the environment, unless the command line sets them", async () => {
    const env = {
      LANEWAY_RELAY: relay.url,
      LANEWAY_ADMIN_TOKEN: (await readFile(relay.adminTokenFile, "utf8")).trim(),
    };
    const given = await laneway(["network", "list", "--json"], { env });
    expect(given).toMatchObject({ code: 0, stderr: "" });
    expect(given.objects).toContainEqual(expect.objectContaining({ name: "lan" }));

    const wrong = { LANEWAY_RELAY: "http://127.0.0.1:1023", LANEWAY_ADMIN_TOKEN: "not-the-token" };
    const named = ["--relay", relay.url, "--admin-token-file", relay.adminTokenFile];
    expect((await laneway(["network", "list", ...named], { env: wrong })).code).toBe(0);
    expect((await laneway(["network", "list", "--relay", relay.url], { env: wrong })).code).toBe(1);
  });

  it("works on a restarted relay", async () => {
    await relay.create("network", "create", "kept", "--subnet", "10.77.0.0/16");
    const kept = () => Promise.all([objects("network", "list"), objects("token", "list")]);
    const before = await kept();
    await relay.restart();
    expect(await kept()).toEqual(before);
  });
});
