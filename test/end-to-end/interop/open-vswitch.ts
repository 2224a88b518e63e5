// Open vSwitch in userspace (datapath_type=netdev), as the other end of a tunnel.
import { join } from "node:path";
import { hasLab } from "../../support/network/lab.ts";
import { ping, until, type Wire } from "./underlay.ts";

/** Returns whether this machine has the programs for such a test. */
export function hasOpenVSwitch(...more: string[]): boolean {
  return hasLab("ethtool", "ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovsdb-tool", ...more);
}

/** Open vSwitch in the rack, with its database and sockets in a directory of the lab. */
export class OpenVSwitch {
  readonly #wire: Wire;
  readonly #env: Record<string, string>;
  readonly #directory: string;

  constructor(on: Wire) {
    this.#wire = on;
    this.#directory = join(on.lab.directory, "ovs");
    const directory = this.#directory;
    this.#env = { OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
  }

  /**
   * Starts it with the underlay: the address of `wan` moves to the bridge `phy`, because the userspace datapath sends
   * encapsulated packets by its own routes and ports.
   */
  async start(): Promise<void> {
    const { rack, rackAddress } = this.#wire;
    const env = this.#env;
    const database = join(this.#directory, "conf.db");
    const socket = join(this.#directory, "db.sock");
    await rack.mustExec("mkdir", ["-m", "700", this.#directory]);
    await rack.mustExec("ovsdb-tool", ["create", database, "/usr/share/openvswitch/vswitch.ovsschema"], {
      env,
    });
    rack.spawn("ovsdb-server", [database, `--remote=punix:${socket}`], { env, stdio: "ignore" });
    await until("the database answers", async () => (await this.#try("--no-wait", "init")).code === 0);
    rack.spawn("ovs-vswitchd", [`unix:${socket}`], { env, stdio: "ignore" });
    await this.set(
      "add-br",
      "phy",
      "--",
      "set",
      "bridge",
      "phy",
      "datapath_type=netdev",
      "other-config:hwaddr=02:00:00:00:0a:01",
    );
    await this.set("add-port", "phy", "wan");
    await rack.mustExec("ip", ["address", "flush", "dev", "wan"]);
    await rack.mustExec("ip", ["address", "add", `${rackAddress}/24`, "dev", "phy"]);
    await rack.mustExec("ip", ["link", "set", "phy", "up"]);
    await until(
      "the underlay is reached",
      async () => (await ping(rack, this.#wire.relayAddress, "-c", "1", "-W", "1"))[0] === 1,
    );
  }

  async set(...args: string[]): Promise<void> {
    const { code, stderr } = await this.#try(...args);
    if (code !== 0) throw new Error(`ovs-vsctl ${args.join(" ")}: ${stderr}`);
  }

  /** Runs a program of Open vSwitch. */
  async run(command: string, ...args: string[]): Promise<string> {
    return await this.#wire.rack.mustExec(command, args, { env: this.#env });
  }

  /** Makes a bridge with an overlay address and a tunnel, by default to the relay's IPv4 address. */
  async tunnel(name: string, address: string, type: string, ...options: string[]): Promise<void> {
    const { rack } = this.#wire;
    await this.set("add-br", name, "--", "set", "bridge", name, "datapath_type=netdev");
    const port = `${name}-t`;
    const all = [`type=${type}`, `options:remote_ip=${this.#wire.relayAddress}`, ...options];
    await this.set("add-port", name, port, "--", "set", "interface", port, ...all);
    await rack.mustExec("ip", ["address", "add", address, "dev", name]);
    await rack.mustExec("ip", ["link", "set", name, "mtu", "1400", "up"]);
    // The userspace datapath fills in no checksums, so the kernel must.
    await rack.exec("ethtool", ["-K", name, "tx", "off"]);
  }

  #try(...args: string[]) {
    const database = `--db=unix:${join(this.#directory, "db.sock")}`;
    return this.#wire.rack.exec("ovs-vsctl", [database, "--timeout=20", ...args], { env: this.#env });
  }
}
