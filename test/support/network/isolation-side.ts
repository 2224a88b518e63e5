// One of two tenants of a relay that look alike: the same names, subnets and MAC addresses. Its frames, and its names
// where they may differ, contain its own word, which must not appear elsewhere.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { BROADCAST, bareFrame } from "./hub-frames.ts";
import { WAIT } from "./hub-lab.ts";
import {
  JsonProcess,
  type Lab,
  laneway,
  type RunningClient,
  startLaneway,
  type TestRelay,
  text,
  up,
} from "./lab.ts";

export const NETWORK = "office";
const SUBNET = "10.20.0.0/24";
const MACS = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"] as const;

export type Request = readonly [method: string, path: string, body?: unknown];

export interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Machine {
  readonly site: Site;
  readonly client: RunningClient;
  /** The frames that passed its TAP, as pcapng. */
  readonly file: string;
}

export class Side implements AsyncDisposable {
  readonly word: string;
  readonly #lab: Lab;
  readonly #relay: TestRelay;
  readonly #machines: Machine[] = [];
  readonly #stack = new AsyncDisposableStack();
  #adminToken = "";

  private constructor(word: string, lab: Lab, relay: TestRelay) {
    this.word = word;
    this.#lab = lab;
    this.#relay = relay;
  }

  /** Creates a tenant with a network, two machines on it, and a listener at every place. */
  static async create(word: string, lab: Lab, relay: TestRelay, sites: readonly Site[]): Promise<Side> {
    const side = new Side(word, lab, relay);
    try {
      await side.#begin(sites);
      return side;
    } catch (error) {
      await side[Symbol.asyncDispose]();
      throw error;
    }
  }

  get clients(): readonly RunningClient[] {
    return this.#machines.map(({ client }) => client);
  }

  /** Calls the API as this tenant's administrator. */
  async ask(...requests: Request[]): Promise<Answer[]> {
    return await ask(this.#lab, this.#relay.url, this.#adminToken, requests);
  }

  /** Calls it as the relay's administrator. */
  async askRelay(...requests: Request[]): Promise<Answer[]> {
    const token = (await readFile(this.#relay.adminTokenFile, "utf8")).trim();
    return await ask(this.#lab, this.#relay.url, token, requests);
  }

  /** Sends all kinds of traffic at once, for some seconds. */
  async traffic(seconds: number): Promise<void> {
    const [from, to] = this.#machines as [Machine, Machine];
    const address = (to.client.address ?? "").replace(/\/.*/, "");
    const pattern = Buffer.from(this.#payload(16)).toString("hex");
    const pings = ["-n", "-i", "0.005", "-w", String(seconds), "-s", "1200", "-p", pattern, address];
    const server = to.site.host.spawn("iperf3", ["--server"], { stdio: "ignore" });
    const stream = `until iperf3 --client ${address} --file ${this.#file("payload")} --bitrate 20M --time ${seconds}; do sleep 0.1; done`;
    const host = { host: from.site.host };
    try {
      await Promise.all([
        from.site.host.mustExec("ping", pings),
        from.site.host.exec("timeout", ["60", "sh", "-c", stream], { timeout: 70_000 }),
        this.#shout(host.host, from.client.tap, seconds),
      ]);
    } finally {
      server.kill("SIGKILL");
    }
  }

  /** Ends the listeners; resolves to every byte that was heard, by name. */
  async end(): Promise<Map<string, Buffer>> {
    await this.#stack.disposeAsync();
    const heard = new Map<string, Buffer>();
    for (const name of ["witness", "relay.pcapng", "tap-0.pcapng", "tap-1.pcapng", "up-0", "up-1"]) {
      heard.set(name, await readFile(this.#file(name)));
    }
    return heard;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #begin(sites: readonly Site[]): Promise<void> {
    const tenant = ["--tenant", this.word];
    await this.#relay.create("tenant", "create", this.word);
    const network = await this.#relay.create("network", "create", NETWORK, "--subnet", SUBNET, ...tenant);
    const token = await this.#relay.create(
      "token",
      "create",
      "--network",
      NETWORK,
      "--name",
      this.word,
      ...tenant,
    );
    const invite = await this.#relay.create(
      "invite",
      "create",
      "--network",
      NETWORK,
      "--uses",
      "9",
      ...tenant,
    );
    await this.#makeAdmin();
    await writeFile(this.#file("payload"), this.#payload(1_000_000));
    await this.#capture();
    for (const [i, site] of sites.entries()) await this.#join(i, site, text(invite, "link"));
    const vni = String(network["vni"]);
    await this.#witness(sites[0] as Site, text(token, "token"), vni);
  }

  async #makeAdmin(): Promise<void> {
    const [made] = await this.askRelay(["POST", `/tenants/${this.word}/admins`, { name: this.word }]);
    this.#adminToken = (JSON.parse(made?.text ?? "") as { token: string }).token;
  }

  /** Captures the network at the hub, with its administrator's token. */
  async #capture(): Promise<void> {
    const args = ["--network", NETWORK, "--tenant", this.word, "--relay", this.#relay.url];
    const env = { LANEWAY_ADMIN_TOKEN: this.#adminToken };
    const capture = startLaneway(["capture", "-o", this.#file("relay.pcapng"), ...args], {
      host: this.#lab.wan,
      env,
    });
    this.#stack.use(capture);
    await capture.event("capturing");
  }

  async #join(i: number, site: Site, link: string): Promise<void> {
    const state = this.#file(`state-${i}`);
    const name = `${this.word}-machine-${i}`;
    const { code, stderr } = await laneway(["join", link, "--name", name, "--state", state, "--json"], {
      host: site.host,
    });
    if (code !== 0) throw new Error(stderr);
    const client = await up(site.host, ["--state", state, "--mac", MACS[i] ?? ""]);
    const file = this.#file(`tap-${i}.pcapng`);
    this.#stack.defer(async () => {
      await client.process.stop();
      const said = [...client.process.lines.map((line) => JSON.stringify(line)), client.process.stderr];
      await writeFile(this.#file(`up-${i}`), Buffer.from(said.join("\n")));
    });
    const dump = site.host.spawn("dumpcap", ["-q", "-i", client.tap, "-w", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const capture = new JsonProcess(dump, "dumpcap");
    this.#stack.defer(() => capture.stop("SIGINT").then(() => {}));
    await vi.waitFor(async () => {
      if ((await readFile(file)).length === 0) throw new Error("nothing is captured yet");
    }, WAIT);
    this.#machines.push({ site, client, file });
  }

  async #witness({ host }: Site, token: string, vni: string): Promise<void> {
    const program = join(import.meta.dirname, "witness.ts");
    const args = [program, this.#relay.url, token, vni, `${this.word}-witness`, this.#file("witness")];
    const child = host.spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const witness = new JsonProcess(child, "the witness");
    this.#stack.use(witness);
    await witness.event("ready");
  }

  /** Sends broadcasts, multicasts and frames to unknown addresses. */
  async #shout(host: Site["host"], tap: string, seconds: number): Promise<void> {
    const frames = [BROADCAST, "01:00:5e:7f:00:01", "33:33:00:00:00:99", "02:00:00:00:00:77"].map((to) => {
      const frame = Buffer.concat([bareFrame(to, MACS[0]), Buffer.from(this.#payload(600))]);
      return frame.toString("hex");
    });
    const program = join(import.meta.dirname, "send-frames.ts");
    await host.mustExec(process.execPath, [program, tap, "times", String(seconds * 100), ...frames], {
      timeout: 60_000,
    });
  }

  #payload(bytes: number): Uint8Array {
    return Buffer.from(`${this.word}!`.repeat(Math.ceil(bytes / this.word.length)).slice(0, bytes));
  }

  #file(name: string): string {
    return join(this.#lab.directory, `${this.word}-${name}`);
  }
}

async function ask(lab: Lab, url: string, token: string, requests: readonly Request[]): Promise<Answer[]> {
  const program = join(import.meta.dirname, "ask.ts");
  const said = await lab.wan.mustExec(process.execPath, [program, url, token], {
    input: JSON.stringify(requests),
  });
  return said
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Answer);
}
