import { onTestFailed } from "vitest";
import { tokenCredentials } from "../../../desktop/agent/identity/credentials.ts";
import { LocalNetwork } from "../../../desktop/agent/network/local-network.ts";
import type { Reach } from "../../../desktop/agent/reach/reach.ts";
import { MemoryTap } from "../../../desktop/agent/tap/memory.ts";
import { TunnelClient } from "../../../desktop/agent/tunnel/tunnel-client.ts";
import { formatMac, readMac } from "../../../shared/frame/mac.ts";

/** The hub's own MAC address begins with 02:4c:4e; the VNI follows. */
const HUB_PREFIX = 0x02_4c_4e;

/** Passed frames, printed when a test fails. */
class Story {
  readonly #lines: string[] = [];

  constructor() {
    onTestFailed(() => {
      process.stderr.write(`the frames, in order:\n${this.#lines.join("\n")}\n`);
    });
  }

  tell(who: string, what: string, frame: Uint8Array): void {
    const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
    const addresses = `${formatMac(readMac(frame, 6))} → ${formatMac(readMac(frame, 0))}`;
    this.#lines.push(
      `${who} ${what}: ${addresses}, type 0x${type.toString(16).padStart(4, "0")}, ${frame.length} bytes`,
    );
  }

  note(text: string): void {
    this.#lines.push(text);
  }
}

/** A machine with the real agent over a TAP of memory. */
export class MemoryHost {
  readonly name: string;
  readonly mac: number;
  readonly received: Uint8Array[] = [];
  readonly events: string[] = [];
  /** Delays before each new attempt, in milliseconds. */
  readonly delays: number[] = [];
  /** Settles when the agent has ended. */
  readonly ended: Promise<void>;
  readonly #story: Story;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #tap: MemoryTap | undefined;

  constructor(
    name: string,
    mac: number,
    relay: string,
    token: string,
    networks: readonly string[],
    story: Story,
    reach: Reach,
  ) {
    this.name = name;
    this.mac = mac;
    this.#story = story;
    const client = new TunnelClient({
      relay: new URL(relay),
      reach: () => reach,
      credentials: tokenCredentials(token),
      offload: true,
      framing: "own",
      networks,
      events: {
        up: () => this.#tell("up"),
        reconnecting: (_networks, { message }, delayMs) => {
          this.delays.push(delayMs);
          this.#tell(`reconnecting: ${message}`);
        },
        notice: (code) => this.#tell(`notice: ${code}`),
        down: () => this.#tell("down"),
      },
      interfaces: {
        open: async (offer, failed) => {
          this.#tap = new MemoryTap({ name: `${name}-tap`, written: (frame) => this.#receive(frame) });
          return new LocalNetwork(offer, { tap: this.#tap, mac, address: undefined }, failed);
        },
        reached: async () => {},
        close: async () => {},
      },
    });
    this.ended = client.run(this.#stop.signal);
    // Tests that await `ended` get the error; for others it must not end the process.
    this.ended.catch(() => {});
  }

  /** Sends a frame as this machine's kernel would. */
  send(frame: Uint8Array): void {
    this.#story.tell(this.name, "sends", frame);
    if (this.#tap?.inject(frame) !== true) throw new Error(`${this.name} has no TAP that takes a frame`);
  }

  /** Deletes the TAP as another program would. */
  deleteTap(): void {
    this.#tap?.delete();
  }

  /** Waits until the events or frames so far satisfy `condition`; the test's own timeout bounds it. */
  async until(condition: (host: MemoryHost) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended.catch(() => {});
  }

  #receive(frame: Uint8Array): void {
    this.#story.tell(this.name, "receives", frame);
    // The hub's own queries are not part of the hosts' traffic.
    if (Math.floor(readMac(frame, 6) / 2 ** 24) === HUB_PREFIX) return;
    this.received.push(frame);
    this.#wake();
  }

  #tell(event: string): void {
    this.#story.note(`${this.name} is ${event}`);
    this.events.push(event);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Hosts on in-memory TAPs with the real agent and a real relay between them: the fast end-to-end test. */
export class MemoryNetwork implements AsyncDisposable {
  readonly #story = new Story();
  readonly #hosts: MemoryHost[] = [];

  /** Returns a host that joins `networks` (by default all of the token) and whose MAC ends with its number. */
  host(
    name: string,
    relay: string,
    token: string,
    networks: readonly string[] = [],
    reach: Reach = {},
  ): MemoryHost {
    const host = new MemoryHost(
      name,
      0x02_00_00_00_00_01 + this.#hosts.length,
      relay,
      token,
      networks,
      this.#story,
      reach,
    );
    this.#hosts.push(host);
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()));
  }
}
