// A capture of real traffic, read by tshark, compared with the hub's counters.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BROADCAST, bareFrame } from "../../../support/network/hub-frames.ts";
import {
  type Counters,
  HubLab,
  type Member,
  ping,
  sendFrames,
  WAIT,
} from "../../../support/network/hub-lab.ts";
import { hasLab, type JsonProcess, startLaneway, thisMachine } from "../../../support/network/lab.ts";

const FRAMES = 20;
/** Destination of a frame after which all earlier ones have been written. */
const LAST = "03:00:00:00:00:98";

interface Row {
  /** The interface's name: `alice (VTEP …), inbound: …`. */
  readonly face: string;
  readonly comment: string;
}

let lab: HubLab;
let alice: Member;
let bob: Member;

function startCapture(file: string, ...args: string[]): JsonProcess {
  const { url, adminTokenFile } = lab.relay;
  const access = ["--relay", url, "--admin-token-file", adminTokenFile];
  return startLaneway(["capture", "-o", file, ...access, ...args], { host: lab.lab.wan });
}

/** Reads a capture with tshark, which must find no fault with it. */
async function read(file: string): Promise<Row[]> {
  const fields = ["frame.interface_description", "frame.comment"].flatMap((name) => ["-e", name]);
  const args = ["-r", file, "-T", "fields", "-E", "separator=/t", ...fields];
  const { code, stdout, stderr } = await thisMachine.exec("tshark", args, { env: { LC_ALL: "C" } });
  const complaints = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Running as user"));
  expect([code, complaints]).toEqual([0, []]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [face = "", comment = ""] = line.split("\t");
      return { face, comment };
    });
}

/** Counts a port's figures in a capture, like those of `laneway counters`. */
function figures(rows: readonly Row[], { port }: Member): Counters {
  const own = rows.filter(({ face }) => face.includes(`VTEP ${port})`));
  const inbound = own.filter(({ face }) => face.includes("inbound"));
  const drops: Record<string, number> = {};
  for (const { comment } of own) {
    const reason = /^dropped: (\S+)/.exec(comment)?.[1];
    if (reason !== undefined) drops[reason] = (drops[reason] ?? 0) + 1;
  }
  const sent = own.filter(({ face, comment }) => face.includes("outbound") && comment === "");
  return { port, state: "open", rx_frames: inbound.length, tx_frames: sent.length, drops };
}

/** Returns the figures of `counters` that a capture can have, one by one. */
function flat({ rx_frames, tx_frames, drops }: Counters): Record<string, number> {
  return { ...drops, rx_frames, tx_frames };
}

/** Returns a frame that no bridge forwards. */
function control(): Uint8Array {
  return bareFrame("01:80:c2:00:00:00", alice.mac);
}

/** Returns a frame to an unknown machine. */
function astray(): Uint8Array {
  return bareFrame("02:00:00:00:00:99", alice.mac);
}

describe.runIf(hasLab("tshark"))("a capture", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    await lab.set("lan", "unknown-unicast=drop");
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("opens in tshark, with the reason of each drop, and agrees with the counters", async () => {
    const file = join(lab.lab.directory, "all.pcapng");
    await using capture = startCapture(file);
    await capture.event("capturing");
    alice = await lab.join("alice", { address: "10.20.0.1" });
    bob = await lab.join("bob", { address: "10.20.0.2" });
    expect(await ping(alice, bob.ip, "-c", "10")).toBe(10);
    await sendFrames(alice, [bareFrame(BROADCAST, alice.mac), control(), astray()], FRAMES);
    await vi.waitUntil(async () => (await lab.drops(alice, "unknown-unicast")) === FRAMES, WAIT);
    // Traffic may continue: the capture lies between the counters before and after it.
    const members = [alice, bob];
    const before = await Promise.all(members.map((member) => lab.counters(member)));
    await sendFrames(alice, [bareFrame(LAST, alice.mac)]);
    const last = Buffer.from(LAST.replaceAll(":", ""), "hex");
    await vi.waitUntil(async () => (await readFile(file)).includes(last), WAIT);
    expect(await capture.stop()).toBe(0);
    const after = await Promise.all(members.map((member) => lab.counters(member)));
    expect(capture.lines.at(-1)).toMatchObject({ event: "captured", lost: 0 });

    const rows = await read(file);
    expect(rows.length).toBe(capture.lines.at(-1)?.["frames"]);
    for (const [i, member] of members.entries()) {
      const captured = flat(figures(rows, member));
      const least = flat(before[i] as Counters);
      const most = flat(after[i] as Counters);
      for (const name of new Set([...Object.keys(captured), ...Object.keys(most)])) {
        expect(captured[name] ?? 0, name).toBeGreaterThanOrEqual(least[name] ?? 0);
        expect(captured[name] ?? 0, name).toBeLessThanOrEqual(most[name] ?? 0);
      }
    }
    expect(figures(rows, alice).drops).toMatchObject({ "link-local": FRAMES, "unknown-unicast": FRAMES });
  });

  it("of drops alone has nothing else", async () => {
    const file = join(lab.lab.directory, "drops.pcapng");
    await using capture = startCapture(file, "--drops", "--vtep", alice.port);
    await capture.event("capturing");
    const before = await lab.drops(alice, "link-local");
    expect(await ping(alice, bob.ip)).toBe(3);
    await sendFrames(alice, [bareFrame(BROADCAST, alice.mac), control()], FRAMES);
    await vi.waitUntil(async () => (await lab.drops(alice, "link-local")) === before + FRAMES, WAIT);
    expect(await capture.stop()).toBe(0);
    const rows = await read(file);
    expect(figures(rows, alice).drops["link-local"]).toBe(FRAMES);
    for (const { face, comment } of rows) {
      expect(face).toContain(alice.port);
      expect(comment).toMatch(/^dropped: /);
    }
  });

  it("matches a trace of the same frame", async () => {
    const steps = async (to: string) => await lab.show("trace", "lan", "--from", alice.ip, "--to", to);
    const outcome = (await steps(bob.mac)).at(-1);
    expect(outcome).toMatchObject({ step: "outcome", result: "forwarded" });
    expect(outcome?.["detail"]).toContain(bob.port);
    expect(await steps(bob.ip)).toContainEqual(
      expect.objectContaining({ step: "neighbours", result: "answered" }),
    );
    expect((await steps("broadcast")).at(-1)).toMatchObject({ result: "flooded" });
    expect((await steps(alice.ip)).at(-1)).toMatchObject({ result: "dropped" });
    expect(await steps("10.20.0.99").catch(String)).toContain("10.20.0.99");
  });
});
