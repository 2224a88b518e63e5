import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import type { Launcher } from "../../../desktop/demo/lab/laneway.ts";
import { Laneway } from "../../../desktop/demo/lab/laneway.ts";
import { Lab, startRelay, text } from "../../support/network/lab.ts";
import { makeCertificate } from "../../support/relay/certificate.ts";
import { AppUser } from "./launch.ts";

export interface StoryPlace {
  /** The app's folder, with its package.json. */
  readonly app: string;
  /** The command whose `agent` is behind the app. */
  readonly laneway: Launcher;
}

const WAIT = { timeout: 60_000 };

/**
 * The app's whole story: a real relay, a real agent with a real TAP, another member, and a relay that goes away and
 * returns. Checked in the window.
 */
export async function networkStory({ app, laneway }: StoryPlace): Promise<void> {
  await using lab = await Lab.create();
  const certificate = makeCertificate(lab.directory, lab.wanAddress);
  // Programs on this machine ask relays for invites, and hosts of the lab trust them, by the same file.
  process.env["NODE_EXTRA_CA_CERTS"] = certificate.cert;
  try {
    const [alice, bob] = await Promise.all([lab.addSite("alice"), lab.addSite("bob")]);
    await using relay = await startRelay(lab, ["--tls-cert", certificate.cert, "--tls-key", certificate.key]);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    const link = text(await relay.create("invite", "create", "--network", "office", "--uses", "2"), "link");
    const command = new Laneway(laneway);
    await using agentOfAlice = command.spawn(alice.host, ["agent"], { env: agentOf(lab, alice) });
    await using agentOfBob = command.spawn(bob.host, ["agent"], { env: agentOf(lab, bob) });

    await Promise.all([agentOfAlice.event("listening"), agentOfBob.event("listening")]);

    const socket = agentOf(lab, alice).LANEWAY_SOCKET;
    await using user = await AppUser.launch({ app, socket, args: [link.replace(/^https/, "laneway")] });
    const page = await user.page();
    await joinsByLink(page);
    const address = await otherJoins(command, lab, bob, link);
    await seesOther(page);
    await pings(alice, address);

    await user.do("lookElsewhere");
    await relay.stop("SIGKILL");
    await page.getByText("Reconnecting").first().waitFor(WAIT);
    await relay.start("");
    await page.getByText("Connected", { exact: true }).first().waitFor(WAIT);
    await pings(alice, address);
    await user.until(async () => {
      const titles = (await user.desktop()).notifications.map(({ title }) => title);
      return titles.includes("office: the relay is unreachable") && titles.includes("office is back");
    });

    // The networks belong to the agent: they stay when the app quits.
    await user.do("quit");
    expect(await user.ended()).toBe(0);
    await pings(alice, address);
  } finally {
    delete process.env["NODE_EXTRA_CA_CERTS"];
  }
}

async function joinsByLink(page: Page): Promise<void> {
  await page.getByText("You opened an invite of https://203.0.113.1:8787").waitFor(WAIT);
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByText("Connected", { exact: true }).first().waitFor(WAIT);
  await page
    .getByText(/10\.20\.0\.\d+/)
    .first()
    .waitFor(WAIT);
}

/** Joins another machine by the command. @returns its address */
async function otherJoins(command: Laneway, lab: Lab, { host, name }: Site, link: string): Promise<string> {
  const env = agentOf(lab, { name });
  const run = async (...args: string[]) => {
    const { objects } = await command.run(host, [...args, "--json"], { env });
    return objects[0];
  };
  expect(await run("join", link, "--name", name)).toMatchObject({ tenant: "default" });
  await run("up", "office");
  await expect.poll(() => run("status"), WAIT).toMatchObject({ state: "up" });
  return String((await run("status"))?.["address"]).replace(/\/\d+$/, "");
}

function agentOf(lab: Lab, { name }: Pick<Site, "name">) {
  return {
    LANEWAY_SOCKET: join(lab.directory, `${name}.sock`),
    LANEWAY_STATE: join(lab.directory, `state-of-${name}`),
  };
}

async function seesOther(page: Page): Promise<void> {
  const row = page.getByRole("row", { name: /bob/ });
  await row.getByText("Online").waitFor(WAIT);
  // The agent pings members.
  await row.getByText(/\d ms/).waitFor(WAIT);
}

async function pings({ host }: Site, address: string): Promise<void> {
  await expect
    .poll(async () => (await host.exec("ping", ["-c", "1", "-W", "2", address])).code, WAIT)
    .toBe(0);
}
