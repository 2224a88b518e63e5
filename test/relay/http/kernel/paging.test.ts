import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

type Row = Readonly<Record<string, unknown>>;

interface Page {
  readonly rows: Row[];
  /** Returns the URL of the next page, as a client reads it from the header. */
  readonly next: string | undefined;
}

const FIVE = [1, 2, 3, 4, 5];

underEachRuntime("a list of the API", (runtime) => {
  const relay = sharedRelay(runtime);

  async function page(url: string, token = relay().adminToken): Promise<Page> {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    const link = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
    return {
      rows: (await response.json()) as Row[],
      next: link === undefined ? undefined : new URL(link, url).href,
    };
  }

  const at = (path: string, query = "") => `${relay().url}/v1${path}${query}`;

  /** Returns all pages of the given size. */
  async function pages(path: string, query: string): Promise<Row[][]> {
    const all: Row[][] = [];
    for (let url: string | undefined = at(path, query); url !== undefined; ) {
      const { rows, next } = await page(url);
      all.push(rows);
      expect(all.length, "pages without an end").toBeLessThan(100);
      url = next;
    }
    return all;
  }

  /** Returns the content of the cursor of a list's second page. */
  async function cursorOf(path: string): Promise<unknown> {
    const { next } = await page(at(path, "?limit=1"));
    const cursor = new URL(next ?? "").searchParams.get("cursor") ?? "";
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  }

  it("has cursors that do not reveal other tenants' activity", async () => {
    const busy = await relay().network();
    for (const i of FIVE)
      await relay().must("POST", `/tenants/${busy.tenant}/networks`, { name: `more-${i}` });
    await using one = await TunnelClient.joined(relay().url, busy.token, busy.vni);
    await using two = await TunnelClient.joined(relay().url, busy.token, busy.vni);
    await relay().must("GET", `/tenants/${busy.tenant}/networks/${busy.name}/counters`);
    const quiet = await relay().network();
    await using three = await TunnelClient.joined(relay().url, quiet.token, quiet.vni);
    await using four = await TunnelClient.joined(relay().url, quiet.token, quiet.vni);
    for (const client of [one, two, three, four]) await client.sync();
    expect(await cursorOf(`/tenants/${quiet.tenant}/audit`)).toBe(1);
    expect(await cursorOf(`/tenants/${quiet.tenant}/networks/${quiet.name}/counters`)).toEqual([1, ""]);
    expect(Math.abs(quiet.vni - busy.vni)).toBeGreaterThan(10);
  });

  /** Creates a tenant with five of everything. */
  async function five() {
    const network = await relay().network();
    const tenant = `/tenants/${network.tenant}`;
    const by = await invite(relay(), network, { uses: 5 });
    for (const i of FIVE) {
      await relay().must("POST", "/tenants", { name: `${network.tenant}-${i}` });
      await relay().must("POST", `${tenant}/networks`, { name: `more-${i}` });
      await relay().token(network.tenant, network.name);
      await relay().must("POST", `${tenant}/admins`, {});
      await invite(relay(), network);
      await TestDevice.enrolled(relay(), by, `device-${i}`);
    }
    await relay().must("POST", `${tenant}/networks`, { name: "numbered", subnet: "10.20.0.0/24" });
    for (const i of FIVE) {
      await relay().must("POST", `${tenant}/networks/numbered/addresses`, { address: `10.20.0.${10 + i}` });
    }
    return { ...network, path: tenant };
  }

  it("is complete in pages of any size, each row once, in the same order", async () => {
    const { path } = await five();
    const lists = [
      "networks",
      "tokens",
      "invites",
      "devices",
      "admins",
      "audit",
      "networks/numbered/addresses",
    ];
    for (const list of ["/tenants", ...lists.map((one) => `${path}/${one}`)]) {
      const { rows: whole, next } = await page(at(list));
      expect(whole.length, list).toBeGreaterThanOrEqual(5);
      expect(next, list).toBeUndefined();
      for (const limit of [1, 2, whole.length - 1, whole.length, whole.length + 1]) {
        const parts = await pages(list, `?limit=${limit}`);
        expect(parts.flat(), `${list} by ${limit}`).toEqual(whole);
        expect(parts.length, `${list} by ${limit}`).toBe(Math.ceil(whole.length / limit));
      }
    }
  });

  it("of a network's live state is complete in pages too", async () => {
    const { tenant, name, token, vni } = await relay().network();
    const network = `/tenants/${tenant}/networks/${name}`;
    await using stack = new AsyncDisposableStack();
    for (const i of FIVE) {
      const client = stack.use(await TunnelClient.joined(relay().url, token, vni, { name: `member-${i}` }));
      // Not in order of arrival.
      await client.send(packet(vni, ethernet(BROADCAST, station(50 - i))));
      await client.sync();
    }
    for (const list of ["fdb", "counters"]) {
      const keyOf = ({ mac, port }: Row) => mac ?? port;
      const { rows: whole } = await page(at(`${network}/${list}`));
      const parts = await pages(`${network}/${list}`, "?limit=2");
      expect(parts.map(({ length }) => length)).toEqual([2, 2, 1]);
      expect(parts.flat().map(keyOf)).toEqual(whole.map(keyOf));
    }
    expect((await page(at(`${network}/counters`))).rows.map((row) => row["name"])).toEqual(
      FIVE.map((i) => `member-${i}`),
    );
  });

  it("neither repeats nor omits rows when others come and go between pages", async () => {
    const { path } = await five();
    const first = await page(at(`${path}/networks`, "?limit=3"));
    expect(first.rows.map((row) => row["name"])).toEqual(["more-1", "more-2", "more-3"]);
    await relay().must("DELETE", `${path}/networks/more-3`);
    await relay().must("DELETE", `${path}/networks/more-1`);
    await relay().must("POST", `${path}/networks`, { name: "aaa" });
    await relay().must("POST", `${path}/networks`, { name: "more-31" });
    const second = await page(first.next ?? "");
    expect(second.rows.map((row) => row["name"])).toEqual(["more-31", "more-4", "more-5"]);
  });

  it("of the audit log begins with the oldest or with the newest entry", async () => {
    const { path } = await five();
    const oldest = (await page(at(`${path}/audit`))).rows;
    const newest = await pages(`${path}/audit`, "?order=newest&limit=7&since=3600");
    expect(newest.flat()).toEqual(oldest.toReversed());
    const all = await pages("/audit", "?limit=100");
    for (const entry of oldest) expect(all.flat()).toContainEqual(expect.objectContaining(entry));
  });

  it("shows a tenant's administrator only its own tenant, on every page", async () => {
    const { tenant } = await relay().network();
    const made = (await relay().must("POST", `/tenants/${tenant}/admins`, {})) as { token: string };
    expect(await page(at("/tenants", "?limit=1"), made.token)).toEqual({
      rows: [{ name: tenant }],
      next: undefined,
    });
    const foreign = await page(at("/tenants", "?limit=1"));
    const behind = await page(foreign.next ?? "", made.token);
    expect([[], [{ name: tenant }]]).toContainEqual(behind.rows);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=ten",
    "limit=",
    "cursor=",
    "cursor=nothing",
    "cursor=e30",
    "cursor=%22",
    // The cursor of another list.
    `cursor=${Buffer.from("[1,2,3]").toString("base64url")}`,
    `cursor=${"A".repeat(2_000)}`,
  ])("refuses '%s'", async (query) => {
    const response = await relay().api("GET", `/tenants/default/tokens?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code: "request.invalid" });
  });

  it("has links that work through a proxy with a prefix", async () => {
    const { path } = await five();
    const { next } = await page(`${relay().url}/lan/v1${path}/networks?limit=2`);
    expect(next).toMatch(`${relay().url}/lan/v1${path}/networks?limit=2&cursor=`);
    const args = ["--public-url", "https://example.org/laneway"];
    await using proxied = await RelayProcess.start(runtime, { args });
    await proxied.must("POST", "/tenants", { name: "more" });
    const response = await proxied.api("GET", "/tenants?limit=1");
    expect(response.headers.get("link")).toMatch(
      /^<https:\/\/example\.org\/laneway\/v1\/tenants\?limit=1&cursor=[\w-]+>; rel="next"$/,
    );
  });
});
