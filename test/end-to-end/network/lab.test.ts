import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { type Host, hasLab, Lab, thisMachine } from "../../support/network/lab.ts";

/** Starts a server on `host` that answers each connection with the client's address. */
async function startEcho(host: Host, address: string): Promise<void> {
  const script = `
    require("node:net").createServer((socket) => socket.end(socket.remoteAddress))
      .listen(4000, "${address}", () => console.log("ready"));`;
  const server = host.spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => server.stdout?.once("data", resolve));
}

/** Returns what a TCP connection from `host` to such a server reads, or the error's code. */
async function connect(host: Host, address: string): Promise<string> {
  const script = `
    const socket = require("node:net").connect({ host: "${address}", port: 4000 });
    socket.setTimeout(2000, () => socket.destroy(Object.assign(new Error(), { code: "no answer" })));
    socket.on("data", (data) => console.log(String(data))).on("error", (error) => console.log(error.code));`;
  return (await host.mustExec(process.execPath, ["-e", script])).trim();
}

async function canPing(host: Host, address: string): Promise<boolean> {
  return (await host.exec("ping", ["-c", "2", "-i", "0.2", "-W", "1", address])).code === 0;
}

describe.runIf(hasLab())("a lab", () => {
  let lab: Lab;
  let alice: Site;
  let bob: Site;

  beforeEach(async () => {
    lab = await Lab.create();
    alice = await lab.addSite("alice");
    bob = await lab.addSite("bob");
  });
  afterEach(() => lab.close());

  it("lets every host reach the relay's address", async () => {
    expect(await canPing(alice.host, lab.wanAddress)).toBe(true);
    expect(await canPing(bob.host, lab.wanAddress)).toBe(true);
  });

  it("shows the internet a router's address where its host connects", async () => {
    await startEcho(lab.wan, lab.wanAddress);
    expect(await connect(alice.host, lab.wanAddress)).toBe(alice.wanAddress);
    expect(await connect(bob.host, lab.wanAddress)).toBe(bob.wanAddress);
  });

  it("lets no host reach another", async () => {
    await startEcho(bob.host, "0.0.0.0");
    expect(await connect(alice.host, bob.wanAddress)).toBe("no answer");
    expect(await canPing(alice.host, bob.wanAddress)).toBe(false);
  });

  it("lets nothing in from the internet, even with a route to the host", async () => {
    await startEcho(bob.host, "0.0.0.0");
    await lab.wan.mustExec("ip", ["route", "add", "192.168.1.0/24", "via", bob.wanAddress]);
    expect(await connect(lab.wan, "192.168.1.2")).toBe("no answer");
    expect(await connect(lab.wan, bob.wanAddress)).toBe("no answer");
  });

  it("shows nothing of its interfaces to the machine it runs on", async () => {
    const { stdout } = await thisMachine.exec("ip", ["-o", "link", "show"]);
    expect(stdout).not.toMatch(/ (wan|lan|port\d+)[@:]/);
  });

  it("leaves no namespace, no process and no file when it is closed", async () => {
    const polite = alice.host.spawn("sleep", ["1000"], { stdio: "ignore" });
    const stubborn = bob.host.spawn("sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"], {
      stdio: "ignore",
    });
    const everything = [lab.wan, alice.router, alice.host, bob.router, bob.host].map(
      (host) => host.namespace,
    );
    expect((await lab.remains([polite.pid ?? 0, stubborn.pid ?? 0])).toSorted()).toEqual(
      [...everything, lab.directory, `process ${polite.pid}`, `process ${stubborn.pid}`].toSorted(),
    );
    await lab.close();
    expect(await lab.remains([polite.pid ?? 0, stubborn.pid ?? 0])).toEqual([]);
  });

  it("can be closed twice", async () => {
    await Promise.all([lab.close(), lab.close()]);
    await lab.close();
    expect(await lab.remains()).toEqual([]);
  });
});

describe.runIf(hasLab())("making a lab", () => {
  it("stops when its signal is aborted, and leaves nothing", async () => {
    const abort = new AbortController();
    await using lab = await Lab.create({ signal: abort.signal });
    const site = lab.addSite("alice");
    abort.abort(new Error("enough"));
    await expect(site).rejects.toThrow("enough");
    await lab.close();
    expect(await lab.remains()).toEqual([]);
  });

  it("does not start if its signal is already aborted", async () => {
    await expect(Lab.create({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
