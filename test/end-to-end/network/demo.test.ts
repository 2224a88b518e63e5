import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hasLab, launcher, thisMachine } from "../../support/network/lab.ts";

/** A run of the demo, and what it has made so far. */
class DemoRun {
  output = "";
  readonly ended: Promise<number | null>;
  readonly #child;

  constructor(args: readonly string[] = []) {
    this.#child = thisMachine.spawn(launcher.command, [...launcher.args, "demo", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async prints(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`the demo ended without ${text}:\n${this.output}`);
      await delay(20);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Returns namespaces, files and processes with its name. */
  remains(): string[] {
    const ours = (name: string): boolean => name.startsWith(`lw${this.pid}x`);
    const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns").filter(ours) : [];
    const processes = readdirSync("/proc").filter(
      (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`lw${this.pid}x`),
    );
    return [...namespaces, ...readdirSync("/tmp").filter(ours), ...processes];
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

describe.runIf(hasLab("iperf3"))("laneway demo", () => {
  it("shows that everything works, exits with 0 and leaves nothing", { timeout: 120_000 }, async () => {
    const demo = new DemoRun();
    const code = await demo.ended;
    expect(demo.output).not.toContain("✗");
    expect(demo.output).toMatch(/alice asks who has 10\.20\.0\.2: [0-9a-f:]{17}, bob's TAP/);
    expect(demo.output).toMatch(/alice → bob \(10\.20\.0\.2\): 10 of 1[01] answered/);
    expect(demo.output).toMatch(/bob → alice \(10\.20\.0\.1\): 10 of 1[01] answered/);
    expect(demo.output).toMatch(/alice → bob: [1-9]\d* Mbit\/s/);
    expect(demo.output).toMatch(/alice → bob \(fe80::[0-9a-f:]+\): 10 of 1[01] answered/);
    expect(demo.output).toContain("stranger's lw0 received 0 frames");
    expect(demo.output).toMatch(/All of it worked\.\n$/);
    expect(code).toBe(0);
    expect(demo.remains()).toEqual([]);
  });

  it("leaves nothing when it is interrupted in the middle", async () => {
    const demo = new DemoRun();
    await demo.prints("5. Ping");
    expect(demo.remains()).not.toEqual([]);
    demo.kill("SIGINT");
    const code = await demo.ended;
    expect(demo.output).toMatch(/Interrupted before the end\.\n$/);
    expect(code).toBe(130);
    expect(demo.remains()).toEqual([]);
  });

  it("leaves nothing when it is interrupted while it makes the hosts", async () => {
    const demo = new DemoRun();
    await demo.prints("1. Three homes");
    demo.kill("SIGTERM");
    await demo.ended;
    expect(demo.remains()).toEqual([]);
  });

  it("leaves nothing when it is killed", async () => {
    const demo = new DemoRun();
    await demo.prints("5. Ping");
    demo.kill("SIGKILL");
    await demo.ended;
    // Its guard does that a moment later.
    while (demo.remains().length > 0) await delay(50);
  });

  it("stays up with --keep until Ctrl-C, with commands to play with that work", {
    timeout: 120_000,
  }, async () => {
    const demo = new DemoRun(["--keep"]);
    await demo.prints("network list");
    const [, ping = ""] = demo.output.match(/^ +(ip netns exec \S+ ping \S+)$/m) ?? [];
    const [, fdb = ""] = demo.output.match(/^ +(\S+ fdb .*)$/m) ?? [];
    const { stdout: pinged } = await thisMachine.exec("sh", ["-c", `${ping} -c 1`]);
    expect(pinged).toContain("1 packets transmitted, 1 received");
    const { stdout: table } = await thisMachine.exec("sh", ["-c", `${fdb} --json`]);
    // Both hosts, and the network's hub.
    expect(table.trim().split("\n")).toHaveLength(3);
    demo.kill("SIGINT");
    expect(await demo.ended).toBe(0);
    expect(demo.remains()).toEqual([]);
  });
});
