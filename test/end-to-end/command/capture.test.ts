// `laneway capture`: a file or a pipe of pcapng, live, readable after any end.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPcapng } from "../../shared/capture/read-pcapng.ts";
import { laneway, launcher, startLaneway, thisMachine } from "../../support/network/lab.ts";
import { BROADCAST, ethernet, packet, payloadOf, station, TunnelClient } from "../../support/relay/client.ts";
import { requires } from "../../support/requirements.ts";
import { expectError, Given, type Mistake } from "./mistake.ts";

const A = station(0xa);

let given: Given;
let directory: string;
let files = 0;

beforeAll(async () => {
  given = await Given.start();
  directory = await mkdtemp(join(tmpdir(), "laneway-capture-"));
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Makes a network for one test, and a member of it that can send. */
async function network(): Promise<{ name: string; vni: number; alice: TunnelClient }> {
  const name = `net-${++files}`;
  const { vni } = (await given.relay.create("network", "create", name)) as unknown as { vni: number };
  const token = await given.relay.token(name);
  const alice = await TunnelClient.joined(given.relay.url, token, vni, { name: "alice" });
  return { name, vni, alice };
}

async function send(from: TunnelClient, vni: number, payload: string): Promise<void> {
  await from.send(packet(vni, ethernet(BROADCAST, A, payload)));
  await from.sync();
}

/** Starts a capture to standard output as a person does. */
function startPiped(args: readonly string[]): ChildProcess {
  const all = [...launcher.args, "capture", ...given.admin(...args)];
  return thisMachine.spawn(launcher.command, all, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Waits for the words on standard error. */
async function said(child: ChildProcess, words: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
    child.once("close", (code) => reject(new Error(`it ended with ${code} and said: ${text}`)));
  });
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.once("close", resolve));
}

describe("laneway capture", () => {
  it("writes frames to a file readable only by its owner, for the given time", async () => {
    const { name, vni, alice } = await network();
    await using _ = alice;
    const file = join(directory, "seconds.pcapng");
    const args = ["capture", "--network", name, "--seconds", "5", "-o", file];
    await using capture = startLaneway(given.admin(...args));
    expect(await capture.event("capturing")).toMatchObject({ network: name, tenant: "default", file });
    await send(alice, vni, "one");
    await send(alice, vni, "two");
    expect(await capture.ended).toBe(0);
    const { size, mode } = await stat(file);
    expect(capture.lines.at(-1)).toMatchObject({ event: "captured", frames: 2, bytes: size, lost: 0 });
    expect(mode & 0o077).toBe(0);
    expect(capture.stderr).toBe("");
    const { packets, statistics } = readPcapng(await readFile(file));
    expect(packets.map(({ frame }) => payloadOf(frame))).toEqual(["one", "two"]);
    expect(statistics).toMatchObject([{ received: 2, lost: 0 }]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends cleanly at %s, with a file that can be read",
    async (signal) => {
      const { name, vni, alice } = await network();
      await using _ = alice;
      const file = join(directory, `${signal}.pcapng`);
      await using capture = startLaneway(given.admin("capture", "--network", name, "-o", file));
      await capture.event("capturing");
      await send(alice, vni, "before the end");
      await expect.poll(async () => (await readFile(file)).includes("before the end")).toBe(true);
      expect(await capture.stop(signal)).toBe(0);
      const { packets } = readPcapng(await readFile(file));
      expect(packets.map(({ frame }) => payloadOf(frame))).toEqual(["before the end"]);
      expect(capture.lines.at(-1)).toMatchObject({ event: "captured", frames: 1 });
    },
  );

  it("writes nothing but the capture to a pipe", async () => {
    const { name, vni, alice } = await network();
    await using _ = alice;
    const child = startPiped(["--network", name, "--drops", "--seconds", "5"]);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const code = codeOf(child);
    await said(child, `capturing '${name}'`);
    await send(alice, vni, "alone");
    expect(await code).toBe(0);
    const { packets } = readPcapng(Buffer.concat(chunks));
    expect(packets).toMatchObject([
      { comment: expect.stringContaining("no-receiver"), direction: "inbound" },
    ]);
  });

  it("ends cleanly when the pipe's reader has gone", async () => {
    const { name, vni, alice } = await network();
    await using _ = alice;
    const child = startPiped(["--network", name, "-o", "-"]);
    const code = codeOf(child);
    const told = said(child, `capturing '${name}'`);
    child.stdout?.once("data", () => child.stdout?.destroy());
    await told;
    await send(alice, vni, "unread");
    expect(await code).toBe(0);
  });

  it("leaves a readable file if the relay goes away", async () => {
    await using other = await Given.start();
    const file = join(directory, "cut.pcapng");
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await using capture = startLaneway(other.admin("capture", "-o", file));
      await capture.event("capturing");
      await expect.poll(async () => (await stat(file)).size).toBeGreaterThan(0);
      await other.relay.stop(signal);
      expect(await capture.ended).toBe(1);
      expect(capture.stderr).toMatch(/^laneway: .*relay.*\n {2}0 frames went to .*\n$/);
      expect(readPcapng(await readFile(file)).packets).toEqual([]);
      await other.relay.start("");
    }
  });

  const mistakes: (Mistake & { what: string })[] = [
    {
      what: "a network that there is not",
      args: (given) => given.admin("capture", "--network", "nope", "-o", join(directory, "nope")),
      says: "nope",
      code: 1,
    },
    {
      what: "a VTEP that is not there",
      args: (given) => given.admin("capture", "--vtep", "nope", "-o", join(directory, "nope")),
      says: "'nope'",
      advises: "fdb",
      code: 1,
    },
    {
      what: "a file that can be none",
      args: (given) => given.admin("capture", "-o", "/nonexistent/file"),
      says: "/nonexistent/file",
      advises: "-o",
      code: 1,
    },
    {
      what: "seconds that are no number",
      args: (given) => given.admin("capture", "--seconds", "30s", "-o", join(directory, "nope")),
      says: "'30s'",
      code: 2,
    },
  ];
  it.concurrent.each(mistakes)("answers in two lines to $what", async (mistake) => {
    await expectError(given, mistake);
  });

  it("leaves a file unchanged if nothing can be captured", async () => {
    const file = join(directory, "kept");
    const { vni: _, alice, name } = await network();
    await alice.close();
    const capture = (...args: string[]) => laneway(given.admin("capture", "-o", file, ...args));
    expect((await capture("--network", name, "--seconds", "1")).code).toBe(0);
    const before = await readFile(file);
    expect((await capture("--network", "nope")).code).toBe(1);
    expect((await readFile(file)).equals(before)).toBe(true);
  });
});

describe.runIf(requires("script"))("laneway capture on a terminal", () => {
  it("prints another place to write to", async () => {
    const command = [launcher.command, ...launcher.args, "capture", ...given.admin()];
    // `script` runs it on its own terminal.
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const { stdout, code } = await thisMachine.exec("script", ["-qec", quoted, "/dev/null"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/laneway: .*terminal.*\s+Name a file with -o FILE/);
  });
});

describe.runIf(requires("tshark", "sh"))("tshark at the end of a pipe", () => {
  it("shows frames as they pass, with the reason of drops", async () => {
    const { name, vni, alice } = await network();
    await using _ = alice;
    const command = [launcher.command, ...launcher.args, "capture", ...given.admin("--network", name)];
    const fields = "-T fields -e frame.interface_description -e frame.comment";
    const line = `${command.map((word) => `'${word}'`).join(" ")} | tshark -n -l -c 2 -i - ${fields}`;
    const child = spawn("sh", ["-c", line], {
      env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory, TMPDIR: directory },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const code = codeOf(child);
    await said(child, `capturing '${name}'`);
    await send(alice, vni, "one");
    await expect.poll(() => output, { timeout: 30_000 }).toContain("no-receiver");
    await send(alice, vni, "two");
    expect(await code).toBe(0);
    const shown = /^alice \(VTEP [0-9a-f]+\), inbound: .*\tdropped: no-receiver \(.+\)$/;
    const lines = output.split("\n").slice(0, -1);
    expect(lines).toHaveLength(2);
    for (const one of lines) expect(one).toMatch(shown);
  });
});
