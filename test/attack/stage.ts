import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JsonProcess } from "../../desktop/demo/lab/json-process.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import { makeCertificate } from "../support/relay/certificate.ts";
import { freeUdpPort } from "../support/relay/udp-port.ts";
import { markOf } from "./payload.ts";
import {
  type AttackerTenant,
  type AttackPlan,
  FAR_END,
  GIVEN_GATEWAY,
  GIVEN_SUBNET,
  type NetworkPlan,
  ROUTED_MTU,
  ROUTED_SUBNET,
  type TenantPlan,
  WIRE_VNI,
  WIRE_VSID,
} from "./plan.ts";
import { AttackedRelay } from "./relay.ts";

const ATTACKER = "attacker";
const BYSTANDERS = ["xenia", "yvonne"];
/** Milliseconds that the bystanders' report may take, with a margin. */
const SEEN_MS = 90_000;

/** The transport to a relay. */
export interface Transport {
  readonly tls: boolean;
  readonly framing: Framing;
}

export interface StageOptions {
  readonly transport: Transport;
  readonly seed: number;
  readonly relayArgs: readonly string[];
  readonly relayEnv: Readonly<Record<string, string>>;
  /** Whether relay and bystanders get the highest priority, which takes root; otherwise attackers get the lowest. */
  readonly favoured: boolean;
}

/** The bystanders' results in a phase; times in milliseconds. */
export interface BystandersSaw {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly foreign: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly trips: number;
  readonly newcomers: number;
  readonly newcomerMax: number;
  readonly refused: readonly string[];
  readonly problems: readonly string[];
  /** The longest time that the bystanders' own process had no processor. */
  readonly lateMs: number;
}

/** The report of an attacker. */
export interface AttackerDid {
  readonly kind: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Number of reads with bystanders' bytes. */
  readonly leaks: number;
  readonly leaked: readonly string[];
  /** Set if its program failed, which is a bug of that program. */
  readonly failed?: string;
}

interface StageParts {
  readonly relay: AttackedRelay;
  readonly seed: number;
  readonly attacker: AttackerTenant;
  readonly bystanders: JsonProcess;
  /** Whether attackers run with the lowest priority. */
  readonly yields: boolean;
}

/** The niceness of relay and bystanders if they have the highest priority. */
const FAVOUR = ["nice", "-n", "-10"];

/** A relay with an attacker's tenant and two connected bystanders. */
export class Stage implements AsyncDisposable {
  readonly relay: AttackedRelay;
  readonly #seed: number;
  readonly #yields: boolean;
  readonly #attacker: AttackerTenant;
  readonly #bystanders: JsonProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    { relay, seed, attacker, bystanders, yields }: StageParts,
    stack: AsyncDisposableStack,
  ) {
    this.relay = relay;
    this.#seed = seed;
    this.#yields = yields;
    this.#attacker = attacker;
    this.#bystanders = bystanders;
    this.#stack = stack;
  }

  static async create({ transport, seed, relayArgs, relayEnv, favoured }: StageOptions): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const data = mkdtempSync(join(tmpdir(), "laneway-attack-"));
    stack.defer(() => rmSync(data, { recursive: true, force: true }));
    const before = favoured ? FAVOUR : [];
    const tls = transport.tls ? makeCertificate(data) : undefined;
    const relay = await AttackedRelay.start({
      framing: transport.framing,
      tls,
      data: join(data, "relay"),
      args: relayArgs,
      env: relayEnv,
      before,
    });
    stack.use(relay);
    const tenants: TenantPlan[] = [];
    for (const tenant of BYSTANDERS) {
      await relay.must("POST", "/tenants", { name: tenant });
      tenants.push({ tenant, ...(await makeNetwork(relay, tenant, "lan", GIVEN_SUBNET)) });
    }
    const attacker = await makeAttacker(relay);
    const bystanders = stack.use(program("bystanders", { url: relay.url.href, seed, tenants }, before));
    await bystanders.event("ready", { timeout: SEEN_MS });
    return new Stage({ relay, seed, attacker, bystanders, yields: !favoured }, stack.move());
  }

  /** Starts the bystanders' measurement, which {@link seen} ends. */
  begin(): void {
    this.#bystanders.child.stdin?.write("begin\n");
  }

  /** Ends the bystanders' measurement and returns its results. */
  async seen(): Promise<BystandersSaw> {
    const from = this.#bystanders.lines.length;
    this.#bystanders.child.stdin?.write("end\n");
    return (await this.#bystanders.event("seen", { from, timeout: SEEN_MS })) as unknown as BystandersSaw;
  }

  /**
   * Runs attackers, each in a process of its own, for this many seconds or until `signal` aborts.
   *
   * @returns each attacker's report, also if it was ended early
   */
  async attack(kinds: readonly string[], seconds: number, signal: AbortSignal): Promise<AttackerDid[]> {
    const marks = BYSTANDERS.map((tenant) => markOf(tenant, this.#seed).toString("hex"));
    return await Promise.all(
      kinds.map(async (kind, index) => {
        const plan: AttackPlan = {
          kind,
          url: this.relay.url.href,
          seed: this.#seed + index,
          seconds,
          yields: this.#yields,
          marks,
          attacker: this.#attacker,
        };
        await using attacker = program("attacker", plan);
        const kill = () => attacker.child.kill("SIGKILL");
        // An attack may take twice the time to finish its open steps.
        const late = setTimeout(kill, (seconds * 2 + 20) * 1_000);
        signal.addEventListener("abort", kill);
        if (signal.aborted) kill();
        const code = await attacker.ended;
        clearTimeout(late);
        signal.removeEventListener("abort", kill);
        const last = attacker.lines.findLast(({ event }) => event === "did") ?? {};
        const did = { kind, counts: {}, leaks: 0, leaked: [], ...last } as AttackerDid;
        return code === 0 || code === null ? did : { ...did, failed: attacker.stderr };
      }),
    );
  }

  /** Deletes the attacker's tenant. */
  async dismiss(): Promise<void> {
    await this.relay.must("DELETE", `/tenants/${ATTACKER}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Starts a program of this folder; it ends when its input does. */
function program(name: string, plan: object, before: readonly string[] = []): JsonProcess {
  const file = join(import.meta.dirname, `${name}.ts`);
  const [command = "", ...args] = [...before, process.execPath, file, JSON.stringify(plan)];
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  // A program that has ended reads no more; its exit code says why.
  child.stdin?.on("error", () => {});
  return new JsonProcess(child, `the program ${name}`);
}

async function makeNetwork(
  relay: AttackedRelay,
  tenant: string,
  name: string,
  subnet?: string,
): Promise<NetworkPlan> {
  const network = { name, ...(subnet === undefined ? {} : { subnet }) };
  const { vni } = await relay.must<{ vni: number }>("POST", `/tenants/${tenant}/networks`, network);
  return { name, vni, token: await makeToken(relay, tenant, { network: name }) };
}

async function makeToken(relay: AttackedRelay, tenant: string, body: object): Promise<string> {
  return (await relay.must<{ token: string }>("POST", `/tenants/${tenant}/tokens`, body)).token;
}

/** Creates a tenant with networks, tokens, an administrator, and tunnels with far ends on the loopback. */
async function makeAttacker(relay: AttackedRelay): Promise<AttackerTenant> {
  await relay.must("POST", "/tenants", { name: ATTACKER });
  const open = await makeNetwork(relay, ATTACKER, "open");
  const given = await makeNetwork(relay, ATTACKER, "given", GIVEN_SUBNET);
  const pair = await makeNetwork(relay, ATTACKER, "pair");
  const admin = await relay.must<{ token: string }>("POST", `/tenants/${ATTACKER}/admins`, {});
  const token = await makeToken(relay, ATTACKER, { all_networks: true });
  const [vxlan, nvgre, gre, routed, farEnd] = [
    await freeUdpPort(),
    await freeUdpPort(),
    await freeUdpPort(),
    await freeUdpPort(),
    await freeUdpPort(),
  ];
  const port = (network: NetworkPlan, udp: number, config: object) =>
    relay.must("POST", `/tenants/${ATTACKER}/networks/${network.name}/ports`, {
      listen: `127.0.0.1:${udp}`,
      remotes: [`${FAR_END}:${farEnd}`],
      ...config,
    });
  await port(open, vxlan, { kind: "vxlan", wire_vni: WIRE_VNI, unknown_remotes: true });
  await port(open, nvgre, { kind: "nvgre", over: "udp", vsid: WIRE_VSID, unknown_remotes: true });
  await port(open, gre, { kind: "gre", over: "udp", key: 7, checksum: true, sequence: true });
  const routes = { gateways: [`${GIVEN_GATEWAY}/16`], routes: [ROUTED_SUBNET], mtu: ROUTED_MTU };
  await port(given, routed, { kind: "gre", over: "udp", mode: "routed", ...routes });
  const tunnels = { vxlan, nvgre, gre, routed, farEnd };
  return { tenant: ATTACKER, adminToken: admin.token, token, open, given, pair, tunnels };
}
