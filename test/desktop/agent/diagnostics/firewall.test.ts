import { describe, expect, it } from "vitest";
import { type Chain, findDrop, type Passing } from "../../../../desktop/agent/diagnostics/firewall.ts";
import { parseIptables } from "../../../../desktop/agent/diagnostics/iptables-rules.ts";
import { parseNft } from "../../../../desktop/agent/diagnostics/nft-rules.ts";

const BRIDGED: Passing = { protocol: "ip", from: "br0", to: "br0" };

/** Returns what drops a bridged packet, in a few words; undefined if nothing does. */
function drops(chains: readonly Chain[], passing = BRIDGED): string | undefined {
  const drop = findDrop(chains, [passing.protocol, "inet"], passing);
  return drop && `${drop.chain.table} ${drop.chain.name}: ${drop.rule?.name ?? "policy"}`;
}

describe("rules of iptables", () => {
  const rules = (...lines: string[]) =>
    parseIptables(["-P INPUT ACCEPT", "-P FORWARD DROP", ...lines].join("\n"), "ip", "iptables-nft");

  it("drop unmatched frames by their policy, as with Docker", () => {
    const docker = rules(
      "-N DOCKER-USER",
      "-N DOCKER-FORWARD",
      "-A FORWARD -j DOCKER-USER",
      "-A FORWARD -j DOCKER-FORWARD",
      "-A DOCKER-USER -j RETURN",
      "-A DOCKER-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A DOCKER-FORWARD -i docker0 -j ACCEPT",
    );
    expect(drops(docker)).toBe("filter FORWARD: policy");
  });

  it.each([
    "-A FORWARD -i br0 -o br0 -j ACCEPT",
    "-A FORWARD -i br+ -j ACCEPT",
    "-A FORWARD ! -o eth0 -j ACCEPT",
    "-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
    '-A FORWARD -i br0 -m comment --comment "lab -j DROP" -j ACCEPT',
    "-A FORWARD -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT",
  ])("pass by %s", (rule) => {
    expect(drops(rules(rule))).toBeUndefined();
  });

  it.each([
    "-A FORWARD -i br0 ! -o br0 -j ACCEPT",
    "-A FORWARD -s 10.0.0.0/8 -i br0 -j ACCEPT",
    "-A FORWARD -i br0 -p tcp -m tcp --syn -j ACCEPT",
    "-A FORWARD -m physdev ! --physdev-is-bridged -j ACCEPT",
    '-A FORWARD -j LOG --log-prefix "-j ACCEPT"',
  ])("are not passed by %s, which is for other packets", (rule) => {
    expect(drops(rules(rule))).toBe("filter FORWARD: policy");
  });

  it("drop by a rule in a later chain, which is named", () => {
    const reject = "-A closed -j REJECT --reject-with icmp-port-unreachable";
    const chains = rules("-N closed", "-A FORWARD -g closed", "-A FORWARD -j ACCEPT", reject);
    expect(drops(chains)).toBe(`filter FORWARD: the rule '${reject}'`);
  });

  it("terminate if chains call each other in circles", () => {
    const lines = Array.from({ length: 40 }, () => "-A a -j b");
    const chains = rules("-N a", "-N b", "-A FORWARD -j a", ...lines, ...lines.map(() => "-A b -j a"));
    expect(drops(chains)).toBe("filter FORWARD: policy");
  });
});

describe("rules of nft", () => {
  const chain = { family: "inet", table: "fw", name: "forward", hook: "forward", policy: "drop" };

  /** Returns a table with a forwarding chain of these rules, and a second chain, `next`. */
  function ruleset(rules: readonly (readonly unknown[])[], next: readonly unknown[] = []): Chain[] {
    const objects = [
      { metainfo: { json_schema_version: 1 } },
      { table: { family: "inet", name: "fw" } },
      { chain },
      { chain: { family: "inet", table: "fw", name: "next" } },
      ...rules.map((expr, i) => ({
        rule: { family: "inet", table: "fw", chain: "forward", handle: i + 10, expr },
      })),
      { rule: { family: "inet", table: "fw", chain: "next", handle: 99, expr: next } },
    ];
    return parseNft(JSON.stringify({ nftables: objects }));
  }
  const meta = (key: string, right: unknown, op = "==") => ({
    match: { op, left: { meta: { key } }, right },
  });
  const accept = { accept: null };

  it.each<{ what: string; rule: readonly unknown[] }>([
    {
      what: "both interfaces",
      rule: [meta("iifname", "br0"), meta("oifname", "br0"), { counter: {} }, accept],
    },
    { what: "a wildcard in a set", rule: [meta("iifname", { set: ["eth0", "br*"] }), accept] },
    { what: "another interface's not being it", rule: [meta("oif", "eth0", "!="), accept] },
    {
      what: "the state of the flow",
      rule: [{ match: { op: "in", left: { ct: { key: "state" } }, right: ["established", "new"] } }, accept],
    },
    { what: "the family", rule: [meta("nfproto", "ipv4"), accept] },
    { what: "iptables' physdev", rule: [{ xt: { type: "match", name: "physdev" } }, accept] },
    { what: "a program's decision", rule: [{ queue: { num: 1 } }] },
    {
      what: "a map of verdicts",
      rule: [
        {
          vmap: {
            key: { meta: { key: "iifname" } },
            data: {
              set: [
                ["lo", { drop: null }],
                ["br0", accept],
              ],
            },
          },
        },
      ],
    },
  ])("pass by $what", ({ rule }) => {
    expect(drops(ruleset([rule]))).toBeUndefined();
  });

  it.each<{ what: string; rule: readonly unknown[] }>([
    {
      what: "addresses",
      rule: [
        { match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: "10.0.0.1" } },
        accept,
      ],
    },
    {
      what: "other addresses",
      rule: [
        { match: { op: "!=", left: { payload: { protocol: "ip", field: "saddr" } }, right: "10.0.0.1" } },
        accept,
      ],
    },
    { what: "a rate", rule: [{ limit: { rate: 3, per: "second" } }, accept] },
    { what: "a named set", rule: [meta("iifname", "@inside"), accept] },
    { what: "another match of iptables", rule: [{ xt: { type: "match", name: "conntrack" } }, accept] },
    { what: "IPv6", rule: [meta("nfproto", "ipv6"), accept] },
    { what: "what is not understood", rule: ["jump {\n\tdrop\n}"] },
  ])("are not passed by a rule about $what", ({ rule }) => {
    expect(drops(ruleset([rule]))).toBe("fw forward: policy");
  });

  it("drop by a rule, named by its handle, also in a later chain", () => {
    expect(drops(ruleset([[{ reject: {} }]]))).toBe("fw forward: the rule with handle 10");
    expect(drops(ruleset([[{ jump: { target: "next" } }], [accept]], [{ drop: null }]))).toBe(
      "fw forward: the rule with handle 99",
    );
    expect(drops(ruleset([[{ jump: { target: "next" } }], [accept]], [{ return: null }]))).toBeUndefined();
    expect(drops(ruleset([[{ xt: { type: "target", name: "REJECT" } }]]))).toBe(
      "fw forward: the rule with handle 10",
    );
  });

  it("distinguish a bridge's own tables from those of IP", () => {
    const own = parseNft(JSON.stringify({ nftables: [{ chain: { ...chain, family: "bridge" } }] }));
    expect(drops(own)).toBeUndefined();
    const passing: Passing = { protocol: "ip", from: "lw0", to: "eth1" };
    expect(findDrop(own, ["bridge"], passing)?.chain.table).toBe("fw");
  });

  it("are empty in a document of another shape", () => {
    for (const text of ["{}", "[]", "null", '{"nftables":[null,7,{"chain":null},{"rule":{"expr":3}}]}']) {
      expect(parseNft(text)).toEqual([]);
    }
    expect(() => parseNft("nft: no")).toThrow(SyntaxError);
  });
});
