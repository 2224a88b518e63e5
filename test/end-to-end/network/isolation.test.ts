// Two tenants of one relay that look alike, both under load: neither sees anything of the other.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, Side } from "../../support/network/isolation-side.ts";
import { hasLab, Lab, startRelay, type TestRelay } from "../../support/network/lab.ts";

const SECONDS = 4;

/** Returns everything that a tenant's administrator can read. */
function readable(tenant: string): [string, string][] {
  const network = `/tenants/${tenant}/networks/${NETWORK}`;
  const live = ["fdb", "groups", "neighbours", "counters", "addresses"].map((what) => `${network}/${what}`);
  const machines = ["02:00:00:00:00:0a", "02:00:00:00:00:0b", "10.20.0.2", "10.20.0.3", "broadcast"];
  const traces = machines.map((to) => `${network}/trace?from=02:00:00:00:00:0a&to=${to}`);
  const own = ["networks", "tokens", "invites", "devices", "limits", "audit"];
  const paths = [
    "/me",
    "/tenants",
    network,
    ...live,
    ...traces,
    ...own.map((what) => `/tenants/${tenant}/${what}`),
  ];
  return paths.map((path) => ["GET", path]);
}

/**
 * Returns the IDs of devices, tokens, invites and sessions: all are random, so an ID seen elsewhere is no coincidence.
 */
function idsIn(texts: Iterable<string>): Set<string> {
  return new Set([...texts].flatMap((text) => text.match(/\b[0-9a-f]{16}\b/g) ?? []));
}

describe.runIf(hasLab("iperf3", "tshark"))(
  "two tenants with the same names, subnets and MAC addresses",
  () => {
    let lab: Lab;
    let relay: TestRelay;
    let sides: [Side, Side];
    /** Everything that each side received, by place. */
    const heard: Map<string, Buffer>[] = [];
    const ids: Set<string>[] = [];

    beforeAll(async () => {
      lab = await Lab.create();
      relay = await startRelay(lab);
      const site = (name: string) => lab.addSite(name);
      const red = [await site("red-a"), await site("red-b")];
      const blue = [await site("blue-a"), await site("blue-b")];
      sides = [await Side.create("rosso", lab, relay, red), await Side.create("azure", lab, relay, blue)];
      await Promise.all(sides.map((side) => side.traffic(SECONDS)));
      const answered = await Promise.all(sides.map((side) => side.ask(...readable(side.word))));
      // One of them causes a notice.
      await sides[0].askRelay(["PATCH", "/tenants/rosso/limits", { networks: 1 }]);
      const [refused] = await sides[0].ask(["POST", "/tenants/rosso/networks", { name: "more" }]);
      expect(refused?.status).toBe(409);
      for (const [i, side] of sides.entries()) {
        const notices: [string, string] = ["GET", `/tenants/${side.word}/notices`];
        const answers = [...(answered[i] ?? []), ...(await side.ask(notices))];
        const all = await side.end();
        for (const [at, { status, text }] of answers.entries()) {
          const [, path] = [...readable(side.word), notices][at] ?? ["", ""];
          expect([status, path]).toEqual([200, path]);
          all.set(path.replace(side.word, "TENANT"), Buffer.from(text));
        }
        heard.push(all);
        ids.push(idsIn(answers.map(({ text }) => text)));
      }
    }, 240_000);
    afterAll(() => lab.close());

    it("are alike in all that they can be", () => {
      const [one, other] = sides.map(({ clients }) =>
        clients.map(({ network, mac, address }) => ({ network, mac, address })),
      );
      expect(one).toEqual(other);
      expect(one).toEqual([
        { network: NETWORK, mac: "02:00:00:00:00:0a", address: "10.20.0.2/24" },
        { network: NETWORK, mac: "02:00:00:00:00:0b", address: "10.20.0.3/24" },
      ]);
    });

    it("each hear of themselves wherever one can hear: at TAPs, at the relay, in the tunnel, and from the API", () => {
      for (const [i, { word }] of sides.entries()) {
        for (const place of ["tap-0.pcapng", "tap-1.pcapng", "relay.pcapng", "witness"]) {
          const bytes = heard[i]?.get(place) ?? Buffer.alloc(0);
          expect(bytes.includes(`${word}!${word}!${word}`), place).toBe(true);
        }
        const witness = heard[i]?.get("witness")?.toString("latin1");
        expect(witness).toContain(`${word}-machine-0`);
        expect(witness).toContain(`${word}-witness-again`);
        expect(heard[i]?.get("/tenants/TENANT/devices")?.toString()).toContain(`${word}-machine-1`);
        expect(ids[i]?.size).toBeGreaterThan(6);
      }
    });

    it("never come across a word of one another, whatever carries it", () => {
      for (const [i, all] of heard.entries()) {
        const other = sides[1 - i]?.word ?? "";
        const found = [...all].filter(([, bytes]) => bytes.includes(other)).map(([place]) => place);
        expect(found, `of ${other}`).toEqual([]);
      }
    });

    it("never come across an id of one another's", () => {
      for (const [i, all] of heard.entries()) {
        const found = [...(ids[1 - i] ?? [])].flatMap((id) =>
          [...all].filter(([, bytes]) => bytes.includes(id)).map(([place]) => `${id} in ${place}`),
        );
        expect(found).toEqual([]);
      }
    });

    it("do not share tables, and only the tenant concerned gets notices", () => {
      const rows = (i: number, path: string) =>
        JSON.parse(heard[i]?.get(path)?.toString() ?? "") as Record<string, unknown>[];
      const network = `/tenants/TENANT/networks/${NETWORK}`;
      for (const i of [0, 1]) {
        // And the hub's own.
        const ports = new Set(["hub", ...rows(i, `${network}/counters`).map(({ port }) => port)]);
        for (const what of ["fdb", "neighbours"]) {
          for (const { port } of rows(i, `${network}/${what}`)) expect(ports.has(port)).toBe(true);
        }
      }
      const codes = (i: number) => rows(i, "/tenants/TENANT/notices").map(({ code }) => code);
      expect(codes(0)).toEqual(["limit.networks"]);
      expect(codes(1)).toEqual([]);
    });
  },
);
