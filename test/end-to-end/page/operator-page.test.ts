// The operator's page in Chromium, against a relay with real sessions.
import { request as ask, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "qrcode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { accessProblems } from "../../support/browser/axe.ts";
import { Chromium } from "../../support/browser/chromium.ts";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../support/relay/client.ts";
import { TestDevice } from "../../support/relay/device.ts";
import type { TestNetwork } from "../../support/relay/relay-process.ts";
import { NODE, sharedRelay } from "../../support/relay/runtimes.ts";
import { requires } from "../../support/requirements.ts";
import { OperatorPage } from "./operator-page.ts";

/** Generous, because an accessibility checker looks at many screens, which is slow on two busy cores. */
const ACCESS_MS = 240_000;

describe.runIf(requires("chromium"))("the operator's page", () => {
  const relay = sharedRelay(NODE);
  let chromium: Chromium | undefined;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
  });
  const browser = () => {
    if (chromium === undefined) throw new Error("Chromium did not start");
    return chromium.browser;
  };

  const opened: OperatorPage[] = [];
  afterEach(async () => {
    const pages = opened.splice(0);
    await Promise.all(pages.map((page) => page[Symbol.asyncDispose]()));
    for (const { complaints } of pages) expect(complaints).toEqual([]);
  });
  const keep = (page: OperatorPage) => {
    opened.push(page);
    return page;
  };
  const open = async (options = {}) => keep(await OperatorPage.open(browser(), `${relay().url}/`, options));
  const signIn = async (options = {}, token = relay().adminToken) =>
    keep(await OperatorPage.signedIn(browser(), `${relay().url}/`, token, options));

  /** Joins a member that sends a flooded frame and a dropped one. */
  async function member(
    stack: AsyncDisposableStack,
    { token, vni }: TestNetwork,
    name: string,
    number: number,
  ) {
    const client = stack.use(await TunnelClient.joined(relay().url, token, vni, { name }));
    await client.send(packet(vni, ethernet(BROADCAST, station(number), "hello")));
    await client.send(packet(vni, ethernet(BROADCAST, "03:00:00:00:00:01", "from a group")));
    await client.sync();
    return client;
  }

  it("keeps the token only in memory, unless told to keep it for the tab", async () => {
    const one = await signIn();
    const { page } = one;
    const stored = () => page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])");
    expect(await stored()).not.toContain(relay().adminToken);
    await page.reload();
    await page.getByLabel("Administrator's token").waitFor();
    await page.getByLabel("Keep me signed in in this tab").check();
    await one.signIn(relay().adminToken);
    await page.reload();
    await page.getByRole("heading", { name: "Tenants" }).waitFor();
    await one.button("Sign out").click();
    await page.getByLabel("Administrator's token").waitFor();
    expect(await stored()).not.toContain(relay().adminToken);
    for (const url of one.requests) expect(url).not.toContain(relay().adminToken);
    expect(page.url()).not.toContain(relay().adminToken);
  });

  it("signs in by a link, once, also in a tab that shows the page", async () => {
    const link = async () => {
      const response = await fetch(`${relay().url}/v1/sign-ins`, {
        method: "POST",
        headers: { authorization: `Bearer ${relay().adminToken}`, "content-type": "application/json" },
        body: "{}",
      });
      return ((await response.json()) as { link: string }).link;
    };
    const first = await link();
    const one = keep(await OperatorPage.open(browser(), first));
    await one.page.getByRole("heading", { name: "Tenants" }).waitFor();
    expect(one.page.url()).not.toContain("sign-in");
    for (const url of one.requests.slice(1)) expect(url).not.toContain(first.split("=")[1]);
    await one.button("Sign out").click();
    await one.page.goto(await link());
    await one.page.getByRole("heading", { name: "Tenants" }).waitFor();

    const other = await OperatorPage.open(browser(), first);
    await other.page.getByText("This link has been used, or is too old.").waitFor();
    expect(await other.page.getByLabel("Administrator's token").isVisible()).toBe(true);
    await other[Symbol.asyncDispose]();
  });

  it("says what is wrong with a token, and accepts another", async () => {
    const one = await open();
    await one.page.getByLabel("Administrator's token").fill("wrong");
    await one.button("Sign in").click();
    await expect.poll(() => one.page.getByRole("alert").textContent()).toContain("This token is wrong");
    expect(await accessProblems(one.page)).toEqual([]);
    await one.signIn(relay().adminToken);
    // Chromium's own message about status 401.
    expect(one.complaints.splice(0)).toEqual([expect.stringContaining("401")]);
  });

  it("creates a network and an invite by keyboard, and shows the device come, go and be revoked", async () => {
    const one = await signIn();
    const { page } = one;
    await one.go("#/tenants/default/networks");
    await one.button("New network").press("Enter");
    await page.getByLabel("Name").pressSequentially("office");
    await page.getByLabel("Subnet").fill("10.20.0.0/24");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Network office" }).waitFor();
    expect(await one.focused()).toBe("Network office");

    await one.go("#/tenants/default/invites");
    await one.button("New invite").press("Enter");
    await page.getByLabel("Network", { exact: true }).selectOption("office");
    await page.getByLabel("Number of devices").press("Enter");
    const link = await page.getByLabel("Invite link", { exact: true }).inputValue();
    const [, tenant = "", secret = ""] = new URL(link).hash.split(".");
    expect(tenant).toBe("default");
    const drawn = await page.getByRole("img", { name: "QR code" }).locator("path").last().getAttribute("d");
    const { size, data } = create(link, { errorCorrectionLevel: "M" }).modules;
    // Four modules of quiet zone on each side.
    const dark = Array.from(data, (bit, i) =>
      bit ? `M${(i % size) + 4} ${Math.floor(i / size) + 4}h1v1h-1z` : "",
    );
    expect(drawn).toBe(dark.join(""));
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    expect(await one.focused()).toBe("New invite");
    expect(await page.content()).not.toContain(secret);

    await one.go("#/tenants/default/networks/office/members");
    const device = await TestDevice.enrolled(relay(), { id: "", link, tenant, secret }, "bench-12");
    await one.row("bench-12").getByText("offline").waitFor();
    const { vni } = (await relay().must("GET", "/tenants/default/networks/office")) as { vni: number };
    await using session = await device.joined(vni);
    await one.row("bench-12").getByText("online").waitFor();
    await session.close();
    await one.row("bench-12").getByText("offline").waitFor();

    await using again = await device.joined(vni);
    await one.go("#/tenants/default/devices");
    await one.row("bench-12").getByText("online").waitFor();
    await one.button("Revoke device bench-12").press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).press("Enter");
    expect((await again.ended()).code).toBe(4003);
    await page.getByText("No device has joined yet").waitFor();
    expect(await one.focused()).toBe("Devices");
    await page.getByRole("status").getByText("Device bench-12 was revoked").waitFor();
    for (const url of one.requests) expect(url).not.toContain(secret);
  });

  it("shows a network's traffic, addresses, groups and drops", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const one = await signIn();
    const at = `#/tenants/${network.tenant}/networks/${network.name}`;
    await one.go(`${at}/members`);
    const ann = await member(stack, network, "ann", 0xa);
    await member(stack, network, "bob", 0xb);
    await one.row("ann").getByText("online").waitFor();
    const sending = one.row("ann").getByRole("cell").nth(1);
    // Traffic goes on until the page shows it.
    const frame = packet(network.vni, ethernet(BROADCAST, station(0xa), new Uint8Array(1_400)));
    const traffic = setInterval(() => ann.send(frame), 20);
    await expect.poll(() => sending.textContent(), { timeout: 30_000 }).toMatch(/[1-9].*kb/i);
    clearInterval(traffic);
    await one.go(`${at}/fdb`);
    await one.row(station(0xa)).getByText("ann").waitFor();
    await one.row(station(0xb)).getByText("bob").waitFor();
    await one.go(`${at}/groups`);
    await one.row(network.group).getByText("ann, bob").waitFor();
    await one.go(`${at}/drops`);
    const drop = one.row("group-source");
    await drop.getByText("its source address has the group bit").waitFor();
    expect(await drop.getByRole("cell").nth(1).textContent()).toBe("2");
    await one.go(`${at}/trace`);
    await one.page.getByLabel("From").fill("ann");
    await one.page.getByLabel("To").fill("bob");
    await one.button("Trace").click();
    await one.page.getByText("forwarded").waitFor();
  });

  it("changes settings and limits, and shows both in the audit log", async () => {
    const network = await relay().network();
    const one = await signIn();
    await one.go(`#/tenants/${network.tenant}/networks/${network.name}/settings`);
    await one.page.getByLabel("Unknown unicast", { exact: true }).selectOption("drop");
    await one.page.getByLabel("Source binding").check();
    await one.button("Save").click();
    await one.page.getByRole("status").getByText("Saved").waitFor();
    expect(await relay().must("GET", `/tenants/${network.tenant}/networks/${network.name}`)).toMatchObject({
      settings: { unknown_unicast: "drop", source_binding: true, snooping: true, ageing: 300 },
    });
    await one.go(`#/tenants/${network.tenant}/limits`);
    await one.button("Change limit: Devices").click();
    await one.page.getByRole("dialog").getByLabel("Devices").fill("7");
    await one.button("Save").click();
    await one.row("Devices").getByRole("cell", { name: "7", exact: true }).waitFor();
    await one.go(`#/tenants/${network.tenant}/audit`);
    await one.row("network.change").getByText(network.name).waitFor();
    await one.row("limit.change").getByText("devices 7").waitFor();
  });

  it("shows the relay's refusal in the dialog, and keeps the input", async () => {
    const one = await signIn();
    await one.go("#/tenants");
    await one.button("New tenant").click();
    await one.page.getByLabel("Name").fill("default");
    await one.button("Create").click();
    await expect.poll(() => one.page.getByRole("alert").textContent()).toContain("tenant 'default'".slice(7));
    expect(await one.page.getByLabel("Name").inputValue()).toBe("default");
    expect(await accessProblems(one.page)).toEqual([]);
    expect(one.complaints.splice(0)).toEqual([expect.stringContaining("409")]);
  });

  it("shows a tenant's administrator only its own tenant", async () => {
    const own = await relay().network();
    const foreign = await relay().network();
    const made = await relay().must("POST", `/tenants/${own.tenant}/admins`, { name: "ann" });
    const one = await signIn({}, (made as { token: string }).token);
    const { page } = one;
    await page.getByRole("heading", { name: "Networks" }).waitFor();
    await one.row(own.name).waitFor();
    for (const screen of ["tenants", "relay-audit", `tenants/${foreign.tenant}/networks`, "admins"]) {
      await one.go(`#/${screen}`);
      await expect.poll(() => page.url()).toMatch(new RegExp(`#/tenants/${own.tenant}/networks$`));
    }
    expect(await page.getByRole("link", { name: "Administrators" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Tenants" }).count()).toBe(0);
    await one.button("New network").click();
    expect(await page.getByLabel("VNI").count()).toBe(0);
    await page.keyboard.press("Escape");
    await one.go(`#/tenants/${own.tenant}/limits`);
    expect(await page.getByRole("button", { name: /^Change limit/ }).count()).toBe(0);
    expect(await page.content()).not.toContain(foreign.tenant);
    for (const url of one.requests) expect(url).not.toContain(foreign.tenant);
  });

  it("returns to the sign-in form when the token is revoked, and gives the reason", async () => {
    const { tenant, name } = await relay().network();
    const made = await relay().must("POST", `/tenants/${tenant}/admins`, { name: "ann" });
    const { id, token } = made as { id: string; token: string };
    const one = await signIn({}, token);
    await one.go(`#/tenants/${tenant}/networks/${name}/members`);
    await relay().must("DELETE", `/tenants/${tenant}/admins/${id}`);
    await one.page.getByRole("alert").getByText("This token is wrong, or was revoked.").waitFor();
    expect(await one.page.content()).not.toContain(name);
    for (const complaint of one.complaints.splice(0)) expect(complaint).toContain("401");
  });

  it("says that the relay is unreachable, keeps its data, and recovers by itself", async () => {
    const network = await relay().network();
    const one = await signIn();
    await one.go(`#/tenants/${network.tenant}/networks/${network.name}/groups`);
    await using stack = new AsyncDisposableStack();
    await member(stack, network, "ann", 0xa);
    await one.row(network.group).getByText("ann").waitFor();
    await one.page.context().setOffline(true);
    await one.page.getByText("The relay can't be reached.").first().waitFor();
    expect(await one.row(network.group).getByText("ann").isVisible()).toBe(true);
    await one.page.context().setOffline(false);
    await expect.poll(() => one.page.getByRole("alert").count(), { timeout: 30_000 }).toBe(0);
    for (const complaint of one.complaints.splice(0))
      expect(complaint).toContain("ERR_INTERNET_DISCONNECTED");
  });

  it("stays on the screen that the user goes to while the first one opens", async () => {
    const one = await signIn();
    for (let i = 0; i < 5; i++) {
      await one.page.evaluate(`location.hash = "#/";
        requestAnimationFrame(() => { location.hash = "#/tenants/default/devices"; });`);
      await one.page.getByRole("heading", { name: "Devices" }).waitFor();
    }
    await one.settled();
    expect(await one.page.evaluate("location.hash")).toBe("#/tenants/default/devices");
  });

  it("sends no requests while hidden, and resumes when visible", async () => {
    const network = await relay().network();
    const one = keep(
      await OperatorPage.open(browser(), `${relay().url}/`, {}, (page) => page.clock.install()),
    );
    await one.signIn(relay().adminToken);
    await one.go(`#/tenants/${network.tenant}/networks/${network.name}/members`);
    const minute = () => one.page.clock.runFor(60_000);
    const seen = one.requests.length;
    await minute();
    await expect.poll(() => one.requests.length).toBeGreaterThan(seen);
    await one.hide(true);
    const before = one.requests.length;
    await minute();
    expect(one.requests.slice(before)).toEqual([]);
    await one.hide(false);
    await expect.poll(() => one.requests.length).toBeGreaterThan(before);
  });

  it("uses the reader's language and theme, until another is chosen", async () => {
    const one = await open({ locale: "zh-CN", colorScheme: "dark" });
    const { page } = one;
    await page.getByRole("heading", { name: "登录" }).waitFor();
    const dark = await one.ground();
    await page.getByRole("button", { name: "深色主题" }).click();
    expect(await one.ground()).not.toBe(dark);
    await page.getByLabel("语言").selectOption("English");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await one.ground()).not.toBe(dark);
  });

  describe("behind a reverse proxy", () => {
    let proxy: Server | undefined;
    beforeAll(async () => {
      proxy = createServer((incoming, outgoing) => {
        const { method, headers } = incoming;
        const target = (incoming.url ?? "").replace(/^\/some\/where/, "");
        const onward = ask(new URL(target, relay().url), { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        incoming.pipe(onward);
      });
      await new Promise<void>((resolve) => proxy?.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => {
      proxy?.closeAllConnections();
      proxy?.close();
    });

    it.each(["takes its prefix off", "leaves its prefix on"])("that %s, works the same", async (which) => {
      const { port } = (proxy as Server).address() as AddressInfo;
      const url =
        which === "leaves its prefix on"
          ? `${relay().url}/some/where/`
          : `http://127.0.0.1:${port}/some/where/`;
      const one = keep(await OperatorPage.signedIn(browser(), url, relay().adminToken));
      await one.go("#/tenants/default/networks");
      await one.row("lan").waitFor();
      for (const asked of one.requests) expect(new URL(asked).pathname).toMatch(/^\/some\/where\//);
    });
  });

  describe("for people with low or no vision", () => {
    let network: TestNetwork | undefined;
    const stack = new AsyncDisposableStack();
    beforeAll(async () => {
      network = await relay().network();
      const { tenant } = network;
      await relay().must("POST", `/tenants/${tenant}/networks`, { name: "office", subnet: "10.9.0.0/24" });
      await relay().must("POST", `/tenants/${tenant}/admins`, { name: "ann" });
      await relay().must("POST", `/tenants/${tenant}/invites`, { network: "office" });
      await relay().must("POST", `/tenants/${tenant}/networks/office/addresses`, { address: "10.9.0.9" });
      await member(stack, network, "ann", 0xa);
      await member(stack, network, "bob", 0xb);
    });
    afterAll(() => stack.disposeAsync());

    it.each(["en-GB", "zh-CN"])(
      "is accessible on every screen, light and dark, in %s",
      async (locale) => {
        const { tenant, name } = network as TestNetwork;
        const one = await open({ locale });
        const check = async (what: string) => {
          expect(await accessProblems(one.page), what).toEqual([]);
          await one.page.emulateMedia({ colorScheme: "dark" });
          expect(await accessProblems(one.page, { coloursAlone: true }), `${what}, dark`).toEqual([]);
          await one.page.emulateMedia({ colorScheme: "light" });
        };
        await one.page.locator("input[name=token]").waitFor();
        await check("sign in");
        await one.signIn(relay().adminToken);
        const tabs = ["members", "fdb", "groups", "neighbours", "drops", "addresses", "trace", "settings"];
        const screens = [
          "tenants",
          "relay-audit",
          ...["networks", "devices", "invites", "tokens", "admins", "limits", "notices", "audit"].map(
            (section) => `tenants/${tenant}/${section}`,
          ),
          ...tabs.map((tab) => `tenants/${tenant}/networks/${name}/${tab}`),
          `tenants/${tenant}/networks/office/addresses`,
        ];
        for (const screen of screens) {
          await one.go(`#/${screen}`);
          await check(screen);
        }
        for (const screen of ["networks", "invites", "tokens"]) {
          await one.go(`#/tenants/${tenant}/${screen}`);
          await one.page.locator(".screen-head button.primary").click();
          await one.page.locator("dialog[open] select[name] option").first().waitFor({ state: "attached" });
          await check(`a dialog on ${screen}`);
          if (screen === "invites") {
            await one.page.locator("dialog .primary").click();
            await one.page.locator("dialog .qr").waitFor();
            await check("a new invite");
          }
          await one.page.keyboard.press("Escape");
        }
        await one.page.setViewportSize({ width: 360, height: 740 });
        await one.go(`#/tenants/${tenant}/networks/${name}/members`);
        await check("on a telephone");
        expect(await one.overflow()).toBeLessThanOrEqual(0);
      },
      ACCESS_MS,
    );
  });
});
