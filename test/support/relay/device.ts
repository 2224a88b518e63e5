/** A device for tests, written from docs/protocol.md alone: it shares no code with the tested one. */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { hello, type OpenOptions, TunnelClient } from "./client.ts";
import type { RelayProcess } from "./relay-process.ts";

/** An invite, from its link. */
export interface Invite {
  readonly id: string;
  readonly link: string;
  readonly tenant: string;
  readonly secret: string;
}

/** False values that a test may send at enrolment. */
export interface Told {
  readonly tenant?: string;
  readonly invite?: string;
  readonly name?: string;
  readonly public_key?: string;
  readonly proof?: string;
  /** Signed in place of the relay's own. */
  readonly origin?: string;
}

/** Makes an invite by the administration API. */
export async function invite(
  relay: RelayProcess,
  { tenant, name: network }: { tenant: string; name: string },
  request: { uses?: number; expires_in?: number; macs?: number } = {},
): Promise<Invite> {
  const made = (await relay.must("POST", `/tenants/${tenant}/invites`, { network, ...request })) as Invite;
  const [, , secret = ""] = new URL(made.link).hash.split(".");
  return { ...made, secret };
}

export class TestDevice {
  readonly publicKey: string;
  /** Its ID, once enrolled. */
  id = "";
  readonly #relay: RelayProcess;
  readonly #key: KeyObject;

  constructor(relay: RelayProcess) {
    this.#relay = relay;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#key = privateKey;
    this.publicKey = String(publicKey.export({ format: "jwk" }).x);
  }

  /** Returns a new device, enrolled by an invite. */
  static async enrolled(relay: RelayProcess, by: Invite, name?: string): Promise<TestDevice> {
    const device = new TestDevice(relay);
    const response = await device.enrol(by, name === undefined ? {} : { name });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return device;
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString("base64url");
  }

  /** Returns its enrolment request. */
  enrolment(by: Invite, { origin = this.#relay.url, ...told }: Told = {}): object {
    const tenant = told.tenant ?? by.tenant;
    const secret = told.invite ?? by.secret;
    const key = told.public_key ?? this.publicKey;
    const digest = createHash("sha256").update(secret).digest("base64url");
    return {
      tenant,
      invite: secret,
      name: "laptop",
      public_key: key,
      proof: this.sign(`laneway.enrol.v1\n${origin}\n${tenant}\n${digest}\n${key}`),
      ...told,
    };
  }

  /** Sends its enrolment request. */
  async enrol(by: Invite, told: Told = {}): Promise<Response> {
    const response = await fetch(`${this.#relay.url}/v1/enrol`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(this.enrolment(by, told)),
    });
    if (response.status === 201) this.id = ((await response.clone().json()) as { device: string }).device;
    return response;
  }

  /** Returns the `auth` of a `hello` for a challenge. */
  auth(nonce: unknown, origin = this.#relay.url, device = this.id): { auth: object } {
    const signature = this.sign(`laneway.v1\n${origin}\n${nonce}\n${device}`);
    return { auth: { method: "device", device, signature } };
  }

  /** Opens a session until just before `welcome` or a refusal. */
  async open(options: OpenOptions & { origin?: string } = {}): Promise<TunnelClient> {
    const client = await TunnelClient.open(this.#relay.url, options);
    const { nonce } = await client.control("challenge");
    client.say(hello(this.auth(nonce, options.origin)));
    return client;
  }

  /** Opens a session and joins a network. */
  async joined(vni: number): Promise<TunnelClient> {
    const client = await this.open();
    await client.control("welcome");
    await client.join(vni);
    return client;
  }
}
