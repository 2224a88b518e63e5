import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "./lab/host.ts";
import { Lab, type Site } from "./lab/lab.ts";
import { Laneway, type Launcher, type RunningClient, type RunningRelay, text } from "./lab/laneway.ts";

/** The hosts of the demo: two on one network, and a stranger whose network looks the same but is another tenant's. */
export const cast = [
  { name: "alice", tenant: "default", address: "10.20.0.1" },
  { name: "bob", tenant: "default", address: "10.20.0.2" },
  { name: "stranger", tenant: "elsewhere", address: "10.20.0.3" },
] as const;

export const NETWORK = "lan";
const PREFIX_LENGTH = 24;

/** A host of the demo, with the TAP in it. */
export type Player = {
  name: string;
  tenant: string;
  host: Host;
  client: RunningClient;
  /** Its IPv4 address on the segment. */
  address: string;
};

/** The lab of the demo, built step by step; `close` removes it at any point. */
export class Scene implements AsyncDisposable {
  readonly lab: Lab;
  readonly #laneway: Laneway;
  readonly #signal: AbortSignal;
  readonly #sites = new Map<string, Site>();
  #relay: RunningRelay | undefined;

  private constructor(lab: Lab, laneway: Laneway, signal: AbortSignal) {
    this.lab = lab;
    this.#laneway = laneway;
    this.#signal = signal;
  }

  static async create(launcher: Launcher, signal: AbortSignal): Promise<Scene> {
    return new Scene(await Lab.create({ signal }), new Laneway(launcher), signal);
  }

  get relay(): RunningRelay {
    if (!this.#relay) throw new Error("the relay is not there yet");
    return this.#relay;
  }

  /** Adds each host of the cast behind its own NAT. */
  async addSites(): Promise<Site[]> {
    for (const { name } of cast) this.#sites.set(name, await this.lab.addSite(name));
    return [...this.#sites.values()];
  }

  /** Starts the relay on the lab's internet. */
  async startRelay(): Promise<RunningRelay> {
    const data = join(this.lab.directory, "relay");
    await mkdir(data, { mode: 0o700 });
    const args = ["--listen", `${this.lab.wanAddress}:8787`, "--data", data];
    this.#relay = await this.#laneway.startRelay(this.lab.wan, args, { signal: this.#signal });
    return this.#relay;
  }

  /** Creates what a relay lacks by default: the stranger's tenant, with a network of the same name. */
  async addNetworks(): Promise<void> {
    const others = new Set(cast.map(({ tenant }) => tenant).filter((tenant) => tenant !== "default"));
    for (const tenant of others) {
      await this.#administer(["tenant", "create", tenant]);
      await this.#administer(["network", "create", NETWORK, "--tenant", tenant]);
    }
  }

  /** Brings the network up on the host of that name. */
  async bringUp({ name, tenant, address }: (typeof cast)[number]): Promise<Player> {
    const site = this.#sites.get(name);
    if (!site) throw new Error(`${name} is not there yet`);
    const token = await this.#administer(["token", "create", "--network", NETWORK, "--tenant", tenant]);
    const args = [
      ...[NETWORK, "--relay", this.relay.url, "--address", `${address}/${PREFIX_LENGTH}`],
      // One for each host, because on one machine all would otherwise be the same device.
      ...["--state", join(this.lab.directory, name)],
    ];
    const client = await this.#laneway.up(site.host, args, {
      // In the environment, because any user of this machine can read the arguments.
      env: { LANEWAY_TOKEN: text(token, "token") },
      signal: this.#signal,
    });
    return { name, tenant, host: site.host, client, address };
  }

  /** Writes a script that runs this `laneway` as the relay's administrator; resolves to its path. */
  async writeAdminScript(launcher: Launcher): Promise<string> {
    const path = join(this.lab.directory, "laneway");
    const words = ["ip", "netns", "exec", this.lab.wan.namespace, launcher.command, ...launcher.args];
    const lines = [
      "#!/bin/sh",
      `export LANEWAY_RELAY=${quote(this.relay.url)}`,
      `LANEWAY_ADMIN_TOKEN=$(cat ${quote(this.relay.adminTokenFile)})`,
      "export LANEWAY_ADMIN_TOKEN",
      `exec ${words.map(quote).join(" ")} "$@"`,
    ];
    await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o700 });
    return path;
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #administer(args: readonly string[]): ReturnType<Laneway["create"]> {
    const { url, adminTokenFile } = this.relay;
    const access = ["--relay", url, "--admin-token-file", adminTokenFile];
    return this.#laneway.create(this.lab.wan, [...args, ...access], { signal: this.#signal });
  }
}

/** Quotes a word of a POSIX shell's command line. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
