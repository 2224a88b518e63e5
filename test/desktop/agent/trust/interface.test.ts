import { describe, expect, it } from "vitest";
import { type JudgeInterfaceOptions, judgeInterface } from "../../../../desktop/agent/trust/interface.ts";
import type { MachineState } from "../../../../desktop/agent/trust/machine.ts";
import { parseCidr } from "../../../../shared/frame/cidr.ts";

const LAN = {
  name: "lan",
  vni: 101,
  group: "239.0.0.101",
  mtu: 1_500,
  address: "10.20.0.7/24",
  address6: "fd12:3456:789a::7/64",
  dns: { servers: ["10.20.0.1", "fd12:3456:789a::1"], domain: "lan.lan.internal" },
};

function machine(claims: string[] = [], domains: string[] = []): () => Promise<MachineState> {
  return async () => ({
    claims: claims.map((text) => {
      const cidr = parseCidr(text);
      if (cidr === undefined) throw new Error(text);
      return { cidr, what: `there is ${text}` };
    }),
    domains: domains.map((domain) => ({ domain, what: `there is ${domain}` })),
  });
}

const judge = (given: Partial<JudgeInterfaceOptions> = {}, read = machine()) =>
  judgeInterface(
    {
      offer: LAN,
      address: undefined,
      ipv6: true,
      allowOverlap: false,
      relay: ["203.0.113.1"],
      tap: undefined,
      signal: new AbortController().signal,
      ...given,
    },
    read,
  );

const USED = { address: LAN.address, address6: LAN.address6, names: LAN.dns, refusals: [] };

describe("a network's values for an interface", () => {
  it("are used if they overlap with nothing on this machine", async () => {
    expect(await judge()).toEqual(USED);
    expect(await judge({}, machine(["192.168.1.0/24", "10.21.0.0/16", "fd00::/64"], ["home"]))).toEqual(USED);
  });

  it.each([
    ["the network of an interface, or a part of it", "10.20.0.0/16"],
    ["a part of it that is an interface's", "10.20.0.128/25"],
    ["a name server, or a gateway, or a host's route", "10.20.0.53/32"],
  ])("are refused if they overlap with %s", async (_what, claim) => {
    const judged = await judge({}, machine([claim]));
    expect(judged).toMatchObject({ address: undefined, address6: LAN.address6 });
    // The name server of the other version is still the network's own.
    expect(judged.names?.servers).toEqual(["fd12:3456:789a::1"]);
    expect(judged.refusals.map(({ fault }) => fault.message)).toEqual([
      `refused the address '10.20.0.7/24' of network 'lan' from the relay: it would take over 10.20.0.0/24, and there is ${claim}`,
    ]);
    expect(judged.refusals[0]?.fault.hint).toContain("--allow-overlap");
  });

  it("are refused if they contain the relay", async () => {
    for (const relay of ["10.20.0.9", "::ffff:10.20.0.9"]) {
      const { address, refusals } = await judge({ relay: [relay, "relay.example"] });
      expect(address).toBeUndefined();
      expect(refusals[0]?.fault.message).toContain("the relay itself is in it");
    }
  });

  it("are refused if they are part of the Internet", async () => {
    const offer = { ...LAN, address: "8.8.8.7/24", address6: "2001:4860::7/64" };
    const judged = await judge({ offer });
    expect(judged).toMatchObject({ address: undefined, address6: undefined, names: undefined });
    expect(judged.refusals).toHaveLength(2);
  });

  it("are used anyway if the user allows it", async () => {
    expect(await judge({ allowOverlap: true }, machine(["10.0.0.0/8", "fd00::/8"], ["internal"]))).toEqual(
      USED,
    );
  });

  it("are the user's choice, regardless of this machine's state", async () => {
    const judged = await judge({ address: "10.20.0.9/24" }, machine(["10.20.0.0/16"]));
    expect(judged).toMatchObject({ address: "10.20.0.9/24", address6: undefined, refusals: [] });
    expect(judged.names?.servers).toEqual(["10.20.0.1"]);
    expect(await judge({ address: "none" })).toMatchObject({ address: undefined, address6: undefined });
  });

  it("include no name server outside the network, and no domain that is searched elsewhere", async () => {
    const dns = { servers: ["8.8.8.8", "10.20.0.1"], domain: "lan.lan.internal" };
    const outside = await judge({ offer: { ...LAN, dns } });
    expect(outside.names?.servers).toEqual(["10.20.0.1"]);
    expect(outside.refusals.map(({ fault }) => fault.message)).toEqual([
      "refused the DNS server '8.8.8.8' of network 'lan' from the relay: it is not a machine of the network",
    ]);
    for (const domain of ["lan.internal", "lan.lan.internal", "x.lan.lan.internal"]) {
      const taken = await judge({}, machine([], [domain]));
      expect(taken).toMatchObject({ address: LAN.address, names: undefined });
      expect(taken.refusals).toHaveLength(1);
    }
  });

  it("are not judged if nothing is to be set", async () => {
    const read = () => Promise.reject(new Error("asked"));
    await judge({ address: "none" }, read);
    await expect(judge({}, read)).rejects.toThrow("asked");
  });
});
