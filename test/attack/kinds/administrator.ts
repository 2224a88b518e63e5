import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { packet } from "../../support/relay/client.ts";
import { type Answer, type Arena, type Attack, MOST_WAITING } from "../arena.ts";
import type { Wire } from "../wire.ts";
import { arpClaim } from "./hostile-frames.ts";

const CLAIMERS = 16;
/** Addresses that each member claims: 16,000 together. */
const CLAIMS = 1_000;
const MACS = 60;
const SUBNET = 0x0a42_0000;
const MOST_NETWORKS = 150;
const CAPTURES = 60;
const FROM = "127.0.1.4";

/**
 * Threat model: an administrator of one tenant.
 *
 * Creates, changes and deletes networks, tokens and invites, tries what only the relay's administrator may, begins captures
 * that it never reads, traces, lists with cursors, uses idempotency keys by the thousand, opens sessions with a token for all
 * networks, and enrols devices while 16 members claim 16,000 addresses.
 */
export const administrator: Attack = {
  name: "administrator",
  run: (arena) => new Administrator(arena).run(),
};

class Administrator {
  readonly #arena: Arena;
  readonly #path: string;
  readonly #networks: string[] = [];
  readonly #ids: string[] = [];
  #claimers: Wire[] = [];
  #invite: string | undefined;
  #captures = 0;
  #made = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#path = `/v1/tenants/${arena.plan.attacker.tenant}`;
  }

  async run(): Promise<void> {
    const arena = this.#arena;
    const { token, given } = arena.plan.attacker;
    this.#claimers = await arena.crowd(CLAIMERS, () =>
      arena.member({ token, join: [given.vni], from: FROM }),
    );
    await arena.play(
      [
        [3, "networks made and deleted", () => this.#network()],
        [3, "tokens and invites made and deleted", () => this.#secret()],
        [4, "enrolments", () => this.#enrol()],
        [6, "claims of addresses", () => this.#claim(arena.random.below(CLAIMERS))],
        [2, "keys of idempotency", () => this.#idempotent()],
        [3, "lists", () => this.#list()],
        [1, "captures unread", () => this.#capture()],
        [2, "traces", () => this.#trace()],
        [2, "changes of settings", () => this.#settings()],
        [2, "what an administrator may not", () => this.#forbidden()],
        [1, "sessions for all networks", () => this.#session()],
      ],
      12,
    );
  }

  async #ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { adminToken: token } = this.#arena.plan.attacker;
    return await this.#arena.ask({ method, path: `${this.#path}${path}`, body, token, headers, from: FROM });
  }

  async #network(): Promise<void> {
    const { random } = this.#arena;
    if (this.#networks.length < MOST_NETWORKS) {
      const name = `n${this.#made++}`;
      const { status } = await this.#ask("POST", "/networks", { name, subnet: "10.88.0.0/16" });
      if (status < 300) this.#networks.push(name);
    } else {
      const name = this.#networks.splice(random.below(this.#networks.length), 1)[0];
      await this.#ask("DELETE", `/networks/${name}`);
    }
  }

  async #secret(): Promise<void> {
    const { random } = this.#arena;
    if (this.#ids.length > 100) {
      await this.#ask("DELETE", this.#ids.splice(random.below(this.#ids.length), 1)[0] ?? "");
      return;
    }
    const what = random.of(["/tokens", "/invites"]);
    const body =
      what === "/tokens" ? { network: "open", name: "x".repeat(256) } : { network: "open", uses: 5 };
    const { status, text } = await this.#ask("POST", what, body);
    if (status < 300) this.#ids.push(`${what}/${(JSON.parse(text) as { id: string }).id}`);
  }

  /** Enrols a device by an invite to the network with the claimed addresses. */
  async #enrol(): Promise<void> {
    const { plan, url } = this.#arena;
    const { tenant } = plan.attacker;
    if (this.#invite === undefined) {
      const { text } = await this.#ask("POST", "/invites", { network: "given", uses: 10_000 });
      const { link } = JSON.parse(text) as { link: string };
      this.#invite = new URL(link).hash.split(".")[2] ?? "";
    }
    const invite = this.#invite;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = String(publicKey.export({ format: "jwk" }).x);
    const digest = createHash("sha256").update(invite).digest("base64url");
    const proof = signText(privateKey, `laneway.enrol.v1\n${url.origin}\n${tenant}\n${digest}\n${key}`);
    const body = { tenant, invite, name: "attacker", public_key: key, proof };
    await this.#arena.ask({ method: "POST", path: "/v1/enrol", body, from: FROM });
  }

  #claim(index: number): void {
    const { plan } = this.#arena;
    const wire = this.#claimers[index];
    if (wire === undefined || wire.isClosed || wire.waiting > MOST_WAITING) return;
    const frames = Array.from({ length: CLAIMS }, (_, at) => {
      const number = index * CLAIMS + at;
      const mac = 0x0200_0002_0000 + index * 256 + (number % MACS);
      return packet(plan.attacker.given.vni, arpClaim(mac, SUBNET + 2 + number));
    });
    wire.sendBinary(Buffer.concat(frames));
  }

  async #idempotent(): Promise<void> {
    const { random } = this.#arena;
    const key = { "idempotency-key": `"${"k".repeat(200)}${random.below(5_000)}"` };
    const { status, text } = await this.#ask("POST", "/tokens", { network: "open" }, key);
    if (status < 300) this.#ids.push(`/tokens/${(JSON.parse(text) as { id: string }).id}`);
  }

  async #list(): Promise<void> {
    const { random } = this.#arena;
    const what = random.of([
      "/audit",
      "/audit?order=newest",
      "/devices",
      "/tokens",
      "/notices",
      "/networks",
      "/networks/open/fdb",
      "/networks/given/neighbours",
      "/networks/open/groups",
      "/networks/open/counters",
      "/networks/given/addresses",
    ]);
    const limit = `${what.includes("?") ? "&" : "?"}limit=${random.of([1, 50, 1_000])}`;
    const { text } = await this.#ask("GET", what + limit + random.of(["", "", `&cursor=${random.next()}`]));
    if (/xenia|yvonne/.test(text)) this.#arena.did(`LEAKED: ${what}`);
  }

  async #capture(): Promise<void> {
    const { random, plan } = this.#arena;
    if (this.#captures >= CAPTURES) return;
    this.#captures++;
    const network = random.of(["open", "given", ...this.#networks]);
    const path = `${this.#path}/networks/${network}/capture?drops=${random.of(["true", "false"])}`;
    await this.#arena.askDeaf({ method: "GET", path, token: plan.attacker.adminToken, from: FROM });
  }

  async #trace(): Promise<void> {
    const { random } = this.#arena;
    const to = random.of(["02:00:00:02:00:05", "10.66.0.9", "broadcast", "ff05::1", "x".repeat(300)]);
    await this.#ask("GET", `/networks/given/trace?from=02:00:00:02:00:01&to=${encodeURIComponent(to)}`);
  }

  async #settings(): Promise<void> {
    const { random } = this.#arena;
    const settings = random.of([
      { ageing: 10 + random.below(300) },
      { snooping: random.below(2) === 0 },
      { suppression: random.below(2) === 0 },
      { storm_broadcast: 0 },
      { mac_limit: 1 + random.below(16_000) },
    ]);
    await this.#ask("PATCH", "/networks/open", { settings });
  }

  async #forbidden(): Promise<void> {
    const { random, plan } = this.#arena;
    const { adminToken: token } = plan.attacker;
    const [method, path, body] = random.of<readonly [string, string, unknown?]>([
      ["PATCH", `${this.#path}/limits`, { networks: null }],
      ["POST", `${this.#path}/admins`, {}],
      ["DELETE", "/v1/tenants/xenia"],
      ["GET", "/v1/tenants/xenia/networks/lan/capture"],
      ["GET", "/v1/tenants/yvonne/audit"],
      ["POST", "/v1/tenants/xenia/tokens", { network: "lan" }],
      ["GET", "/v1/backup"],
      ["GET", "/v1/audit"],
      ["POST", `${this.#path}/networks/open/ports`, { kind: "vxlan", remotes: ["127.0.3.9"] }],
    ]);
    const { status } = await this.#arena.ask({ method, path, body, token, from: FROM });
    if (status < 400) this.#arena.did(`LET IN: ${method} ${path}`);
  }

  async #session(): Promise<void> {
    const arena = this.#arena;
    if (!arena.hasRoom) return;
    const wire = await arena.member({ token: arena.plan.attacker.token, join: [], from: FROM });
    setTimeout(() => wire.socket.destroy(), arena.random.below(1_000));
  }
}

function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString("base64url");
}
