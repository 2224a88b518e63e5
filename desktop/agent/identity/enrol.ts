/** Enrolment: a device presents an invite's secret and proves that it has its key, which identifies it from then on. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { isLoopback } from "../../../shared/api/invite-link.ts";
import { MAX_VNI } from "../../../shared/frame/encapsulation/vxlan.ts";
import { enrolmentText } from "../../../shared/protocol/signed-text.ts";
import { Fault, usage } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { merged, PLAIN, type Reach } from "../reach/reach.ts";
import { request as ask } from "../reach/request.ts";
import { isNetworkName, MAX_NETWORKS } from "../trust/welcome.ts";
import { problemDetails, readJson } from "../tunnel/http-answer.ts";
import { isForLogin, notARelay, Unreachable, wantsLogin } from "../tunnel/tunnel-errors.ts";
import type { DeviceKey } from "./device-key.ts";
import { type DeviceStore, type EnrolledDevice, relayText } from "./device-store.ts";

/** Maximum time for a relay's answer, in milliseconds. */
const ANSWER_MS = 15_000;
/** Maximum bytes of an answer. */
const ANSWER_BYTES = 1_048_576;

const answer = z.object({
  // Part of the text that every opening signs, so it must not contain anything that ends a line.
  device: z.string().regex(/^[\x21-\x7e]{1,256}$/),
  tenant: z.string(),
  name: z.string().transform((text) => plainText(text, 256)),
  networks: z
    .array(z.object({ name: z.string(), vni: z.number().int().min(0).max(MAX_VNI) }))
    // The other fields are trusted no more than a `welcome`, and are validated at each use.
    .transform((all) => all.filter(({ name }) => isNetworkName(name)).slice(0, MAX_NETWORKS)),
});

export interface DeviceEnrolOptions {
  /** The relay's base URL. */
  readonly relay: URL;
  /** How to reach the relay, stored with the device; by default directly or through the environment's proxy. */
  readonly reach?: Reach;
  readonly tenant: string;
  /** The invite's secret, base64url as in the link. */
  readonly secret: string;
  /** Name for the device. */
  readonly name: string;
  readonly store: DeviceStore;
  readonly signal: AbortSignal;
}

/**
 * Enrols this machine with an invite and stores the result. Repeating it, after a lost answer or with another invite,
 * yields the same device at the same relay and tenant.
 *
 * @throws Fault by the relay's problem code, `relay.unreachable`, `relay.not-a-relay`, `relay.certificate`, `state.…`;
 * none contains the secret. The signal's reason when aborted
 */
export async function enrol(options: DeviceEnrolOptions): Promise<EnrolledDevice> {
  const { relay, tenant, secret, name, store, signal, reach = PLAIN } = options;
  const device = store.take(relay, tenant);
  const request = {
    tenant,
    invite: secret,
    name,
    public_key: device.key.publicKey,
    proof: enrolmentProof(device.relay.origin, tenant, secret, device.key),
  };
  const response = await post(device.relay, reach, request, signal);
  const json = await read(device.relay, response, signal);
  if (!response.ok) throw refusal(device.relay, response, json, options);
  const said = answer.safeParse(json);
  if (response.status !== 201 || !said.success || said.data.tenant !== tenant) {
    throw notARelay(device.relay, "its answer is not one to an enrolment");
  }
  const enrolment = { device: said.data.device, name: said.data.name, networks: said.data.networks };
  const enrolled = { ...device, enrolment, reach: merged(device.reach, reach) };
  store.save(enrolled);
  return enrolled;
}

/**
 * Returns a proof of possession of the key, valid for this relay and this invite only.
 *
 * @param origin the origin dialled, so that a man in the middle cannot forward the proof to the real relay
 */
function enrolmentProof(origin: string, tenant: string, secret: string, key: DeviceKey): string {
  const digest = createHash("sha256").update(secret).digest("base64url");
  return key.sign(enrolmentText(origin, tenant, digest, key.publicKey));
}

async function post(relay: URL, reach: Reach, request: object, signal: AbortSignal): Promise<Response> {
  try {
    // The secret is for the relay of the link only, so redirects are not followed.
    return await ask(new URL(`${relayText(relay)}/v1/enrol`), reach, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch (error) {
    throw failure(relay, error, signal);
  }
}

/** Returns the JSON of the answer; undefined if it is not JSON. */
async function read(relay: URL, response: Response, signal: AbortSignal): Promise<unknown> {
  try {
    return (await readJson(response, ANSWER_BYTES)).json;
  } catch (error) {
    throw failure(relay, error, signal);
  }
}

function failure(relay: URL, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  const why = Unreachable.from(relay, error instanceof Error ? error : new Error(String(error)));
  if (why.code !== "relay.unreachable") return why;
  // The link was created on the relay's machine and contains its local name.
  const isMeantForElsewhere = isLoopback(relay) && (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  return new Fault({
    code: "relay.unreachable",
    message: why.message,
    hint: isMeantForElsewhere
      ? `${relay.hostname} is this machine itself: ask for a link that was created with '--relay http://ADDRESS:PORT', or by a relay with a --public-url.`
      : "Check that this machine is online and that the link is complete; you can try the same invite again.",
    cause: error,
  });
}

function refusal(
  relay: URL,
  response: Response,
  json: unknown,
  { secret, tenant, store }: DeviceEnrolOptions,
): Fault {
  const { status } = response;
  if (isForLogin(status, response.headers.get("www-authenticate"))) return wantsLogin(relay);
  const said = problemDetails.safeParse(json);
  if (!said.success) return notARelay(relay, `HTTP ${status} to an enrolment`);
  const { code, detail, hint } = said.data;
  const hints: Readonly<Record<string, string>> = {
    "invite.refused": "Check that the link is complete, or ask the sender for a new one.",
    "invite.expired": "Ask the sender for a new one.",
    "invite.used-up": "Ask the sender for a new one: this one has enrolled as many devices as allowed.",
    "invite.revoked": "Ask the sender for a new one.",
    "enrol.device-revoked": "Ask the sender for a new one.",
    "enrol.bad-proof": `Ask the relay's operator to set --public-url to '${relay.origin}'.`,
    "enrol.bad-key": `Move '${store.file(relay, tenant)}' away, and join again with a new key.`,
    "limit.devices":
      "Ask the relay's operator to remove a device that is no longer used, or to raise the limit.",
    "rate.limited": `Try again in ${retryAfter(response)}.`,
  };
  // The answering server knows the secret: it must not echo it to places where others read it.
  const clean = (text: string) => text.replaceAll(secret, "…");
  return new Fault({
    code,
    message: clean(`${relayText(relay)} did not let this device in: ${detail}`),
    hint: clean(hints[code] ?? hint ?? "Ask the relay's operator; its log says why."),
    // An invalid name is the user's mistake; the rest of the request is ours.
    exitCode: code === "request.invalid" ? 2 : 1,
  });
}

function retryAfter({ headers }: Response): string {
  const seconds = headers.get("retry-after") ?? "";
  return /^\d{1,6}$/.test(seconds) ? `${seconds} s` : "a minute";
}

/** Does not show the link: its secret may be intact even if the rest is not. */
export function notAnInvite(): Fault {
  return usage(
    "usage.invite",
    "this is not an invite link",
    "It is https://RELAY/join#v1.TENANT.SECRET, or begins with laneway://; put it in quotes, whole, as it was sent.",
  );
}
