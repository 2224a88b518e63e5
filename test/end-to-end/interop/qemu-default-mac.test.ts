// Two machines with QEMU's default MAC address.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubLab, WAIT } from "../../support/network/hub-lab.ts";
import { type Host, hasLab, JsonProcess, startLaneway } from "../../support/network/lab.ts";
import { QEMU } from "./firmware.ts";

const MAC = "52:54:00:12:34:56";
/** An emulated machine's firmware takes long before it sends anything. */
const BOOT = { timeout: 120_000, interval: 200 };

let lab: HubLab;

/** Starts a host with a client for virtual machines, and one such machine. */
async function machine(name: string, stack: AsyncDisposableStack): Promise<JsonProcess> {
  const { host } = await lab.site(name);
  const socket = join(lab.lab.directory, `${name}.sock`);
  const state = join(lab.lab.directory, `state-${name}`);
  const args = [
    "up",
    "lan",
    "--foreground",
    "--relay",
    lab.relay.url,
    "--qemu",
    `unix:${socket}`,
    "--state",
    state,
  ];
  const env = { LANEWAY_TOKEN: await lab.token("lan", []) };
  const client = stack.use(startLaneway(args, { host, env }));
  await client.event("up");
  stack.use(boot(host, socket));
  return client;
}

function boot(host: Host, socket: string): JsonProcess {
  const args = [
    ...["-M", "pc", "-accel", "tcg", "-m", "32", "-nodefaults", "-display", "none", "-boot", "n"],
    ...["-netdev", `stream,id=lan,addr.type=unix,addr.path=${socket}`, "-device", "e1000,netdev=lan"],
  ];
  return new JsonProcess(host.spawn(QEMU, args, { stdio: ["ignore", "pipe", "pipe"] }), "QEMU");
}

describe.runIf(hasLab(QEMU))("two of QEMU's machines with its default MAC", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    lab = await HubLab.create();
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("are reported at both ends and to the operator within seconds, and the first stays where it is", async () => {
    await using stack = new AsyncDisposableStack();
    const one = await machine("one", stack);
    const place = async () => (await lab.show("fdb")).find(({ mac }) => mac === MAC)?.["port"];
    await expect.poll(place, BOOT).toEqual(expect.any(String));
    const first = await place();
    const other = await machine("other", stack);
    const said = new RegExp(`^laneway: duplicate-mac: ${MAC} is in use at `, "m");
    await expect.poll(() => other.stderr, BOOT).toMatch(said);
    await expect.poll(() => one.stderr, WAIT).toMatch(said);
    expect(lab.relay.process.stderr).toContain(`"code":"duplicate-mac"`);
    expect(await place()).toBe(first);
  });
});
