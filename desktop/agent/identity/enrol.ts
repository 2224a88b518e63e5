/** Enrolment: a device shows an invite's secret and that it has its key, and is known by the key from then on. */
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

/** How long a relay may take to answer, in milliseconds. */
const ANSWER_MS = 15_000;
/** Bytes of an answer at most. */
const ANSWER_BYTES = 1_048_576;

const answer = z.object({
  // Signed in every opening: nothing that could end a line of what is signed.
  device: z.string().regex(/^[\x21-\x7e]{1,256}$/),
  tenant: z.string(),
  name: z.string().transform((text) => plainText(text, 256)),
  networks: z
    .array(z.object({ name: z.string(), vni: z.number().int().min(0).max(MAX_VNI) }))
    // The rest is as good as what a welcome offers, which is judged anew each time.
    .transform((all) => all.filter(({ name }) => isNetworkName(name)).slice(0, MAX_NETWORKS)),
});

export interface EnrolOptions {
  /** The relay's base URL. */
  readonly relay: URL;
  /** How to get there, kept with the device; straight or by the environment's proxy unless given. */
  readonly reach?: Reach;
  readonly tenant: string;
  /** The invite's, base64url as the link has it. */
  readonly secret: string;
  /** What the device is to be called. */
  readonly name: string;
  readonly store: DeviceStore;
  readonly signal: AbortSignal;
}

/**
 * Enrols this machine with an invite and keeps what came of it. It may be done again, after a lost answer or with
 * another invite: it is the same device to the same relay and tenant.
 *
 * @throws Fault by the relay's problem code, `relay.unreachable`, `relay.not-a-relay`, `relay.certificate`, `state.…`;
 * none has the secret in it. The signal's reason when aborted
 */
export async function enrol(options: EnrolOptions): Promise<EnrolledDevice> {
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
    throw notARelay(device.relay, "its answer is not that to an enrolment");
  }
  const enrolment = { device: said.data.device, name: said.data.name, networks: said.data.networks };
  const enrolled = { ...device, enrolment, reach: merged(device.reach, reach) };
  store.save(enrolled);
  return enrolled;
}

/**
 * Proof that we have the key, for this relay and this invite alone.
 *
 * @param origin the one that we dial: a proof that somebody else passes on to the real relay is of no use there
 */
function enrolmentProof(origin: string, tenant: string, secret: string, key: DeviceKey): string {
  const digest = createHash("sha256").update(secret).digest("base64url");
  return key.sign(enrolmentText(origin, tenant, digest, key.publicKey));
}

async function post(relay: URL, reach: Reach, request: object, signal: AbortSignal): Promise<Response> {
  try {
    // The secret is for the relay of the link, not for wherever a redirect sends us: none is followed.
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

/** The answer's JSON; undefined where it is something else. */
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
  // A link that was made where the relay runs, and names it as it is called there.
  const isMeantForElsewhere = isLoopback(relay) && (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  return new Fault({
    code: "relay.unreachable",
    message: why.message,
    hint: isMeantForElsewhere
      ? `${relay.hostname} is this machine itself: ask for a link with the relay's own address, which it has where it is made with '--relay http://ADDRESS:PORT', or where the relay has a --public-url.`
      : "Check that this machine is online and that the link is whole; the same invite can be tried again.",
    cause: error,
  });
}

function refusal(
  relay: URL,
  response: Response,
  json: unknown,
  { secret, tenant, store }: EnrolOptions,
): Fault {
  const { status } = response;
  if (isForLogin(status, response.headers.get("www-authenticate"))) return wantsLogin(relay);
  const said = problemDetails.safeParse(json);
  if (!said.success) return notARelay(relay, `HTTP ${status} to an enrolment`);
  const { code, detail, hint } = said.data;
  const hints: Readonly<Record<string, string>> = {
    "invite.refused": "Check that the link is whole, or ask whoever sent it for a new one.",
    "invite.expired": "Ask whoever sent it for a new one.",
    "invite.used-up": "Ask whoever sent it for a new one: this one has let in as many devices as it may.",
    "invite.revoked": "Ask whoever sent it for a new one.",
    "enrol.device-revoked": "Ask whoever sent it for a new one.",
    "enrol.bad-proof": `The relay has to be reached at '${relay.origin}': its operator sets that with --public-url.`,
    "enrol.bad-key": `Move '${store.file(relay, tenant)}' away, and join again with a new key.`,
    "limit.devices":
      "Ask the relay's operator to remove a device that is no longer used, or to raise the limit.",
    "rate.limited": `Try again in ${retryAfter(response)}.`,
  };
  // Whoever answers has the secret from us: it is not to come back to where it is read by others.
  const clean = (text: string) => text.replaceAll(secret, "…");
  return new Fault({
    code,
    message: clean(`${relayText(relay)} did not let this device in: ${detail}`),
    hint: clean(hints[code] ?? hint ?? "Ask the relay's operator; its log says why."),
    // A name that can be none: the rest of the request is ours.
    exitCode: code === "request.invalid" ? 2 : 1,
  });
}

function retryAfter({ headers }: Response): string {
  const seconds = headers.get("retry-after") ?? "";
  return /^\d{1,6}$/.test(seconds) ? `${seconds} s` : "a minute";
}

/** Without the link: its secret may be whole where the rest of it is not. */
export function notAnInvite(): Fault {
  return usage(
    "usage.invite",
    "what is given is not an invite's link",
    "It is https://RELAY/join#v1.TENANT.SECRET, or begins with laneway://; put it in quotes, whole, as it was sent.",
  );
}
