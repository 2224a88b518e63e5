/**
 * Control messages of `laneway.v1`: one JSON object per text message.
 *
 * The relay begins with `challenge`. The client answers with `hello`, which carries its credentials, and `welcome`
 * lists the networks it may join. It sends `join` and receives `joined` with the present members. From then on frames
 * with that VNI pass, and `member` reports arrivals and departures. Either side may `ping` at any time after that.
 * Unknown fields and unknown types are ignored.
 */
import { z } from "zod";
import { MAX_VNI } from "../frame/encapsulation/vxlan.ts";
import { plainText } from "../values/plain-text.ts";

const vni = z.number().int().min(1).max(MAX_VNI);
const text = z.string().max(256);

const auth = z.discriminatedUnion("method", [
  z.object({ method: z.literal("device"), device: text, signature: z.string().max(512) }),
  z.object({ method: z.literal("token"), token: z.string().max(512) }),
]);

/** Limits on one `register`: enough for a lab bench of machines with several addresses each. */
const MAX_ENDPOINTS = 256;
const MAX_ADDRESSES = 16;

const endpoint = z.object({
  mac: z.string().max(17),
  addresses: z.array(z.string().max(45)).max(MAX_ADDRESSES).optional(),
  name: text.optional(),
});

/**
 * Limits that a client enforces on a relay's messages. A message above them is invalid, except for texts, which are
 * cut. With the size of a message they bound the work and memory that one message costs.
 */
const MAX_MEMBERS = 10_000;
const MAX_OFFERS = 4_096;
const MAX_FEATURES = 64;
const MAX_MESSAGE = 1_024;
const MAX_CODE = 64;

/** A text of the relay to display: on one line, without control characters, and cut to a length. */
const shown = (most: number) => z.string().transform((value) => plainText(value, most));

/** A number to be judged by its value: NaN for anything else. */
const anyNumber = z.number().catch(Number.NaN);

const memberEndpoint = z.object({
  mac: shown(17),
  addresses: z.array(shown(45)).max(MAX_ADDRESSES).optional(),
  name: shown(256).optional(),
});

const member = z.object({
  vtep: shown(256),
  name: shown(256),
  online: z.boolean(),
  endpoints: z.array(memberEndpoint).max(MAX_ENDPOINTS),
});

/**
 * A network as `welcome` offers it. The schema only checks types. The values come from the relay, and the client judges
 * each (desktop/agent/trust), so a network comes up without the values it refuses.
 */
const network = z.object({
  name: z.string(),
  vni: anyNumber,
  group: z.string(),
  mtu: anyNumber,
  /** CIDRs. */
  address: z.string().optional(),
  address6: z.string().optional(),
  /** Name servers of the network, and the domain of its names. */
  dns: z.object({ servers: z.array(z.string()), domain: z.string() }).optional(),
});

const ping = z.object({ type: z.literal("ping"), id: z.union([z.number(), z.string().max(64)]) });
const pong = z.object({ type: z.literal("pong"), id: z.union([z.number(), z.string().max(64)]) });

const hello = z.object({
  type: z.literal("hello"),
  version: z.number(),
  client: z.object({ name: text, software: text.optional(), os: text.optional() }),
  features: z.array(text).max(64).default([]),
  // Credentials of an unknown form count as absent: they are refused, not malformed.
  auth: auth.optional().catch(undefined),
});

/** Messages that a client may send. */
export const clientMessage = z.discriminatedUnion("type", [
  hello,
  z.object({ type: z.literal("join"), vni }),
  z.object({ type: z.literal("leave"), vni }),
  z.object({ type: z.literal("check"), vni, address: z.string().max(45) }),
  z.object({ type: z.literal("register"), vni, endpoints: z.array(endpoint).max(MAX_ENDPOINTS) }),
  ping,
  pong,
]);

/** Messages that a relay may send. */
export const relayMessage = z.discriminatedUnion("type", [
  // The nonce is part of a signed text, so it must not end a line of it or make it long.
  z.object({ type: z.literal("challenge"), nonce: z.string().regex(/^[\w-]{1,256}$/), relay: shown(2_048) }),
  z.object({
    type: z.literal("welcome"),
    session: shown(256),
    features: z.array(z.string()).max(MAX_FEATURES),
    networks: z.array(network).max(MAX_OFFERS),
    limits: z.object({ message_bytes: anyNumber, frame_bytes: anyNumber, macs: anyNumber }),
    keepalive_seconds: anyNumber,
  }),
  z.object({ type: z.literal("joined"), vni, members: z.array(member).max(MAX_MEMBERS) }),
  z.object({ type: z.literal("left"), vni }),
  z.object({
    type: z.literal("checked"),
    vni,
    address: shown(45),
    /** A clause: `it is the hub's own`. Absent if the relay accepts the address. */
    objection: shown(256).optional(),
    /** CIDR that the relay gives instead. */
    given: shown(64).optional(),
  }),
  z.object({ type: z.literal("member"), vni, event: z.enum(["joined", "changed", "left"]), member }),
  z.object({ type: z.literal("drain"), after_seconds: anyNumber }),
  z.object({
    type: z.literal("notice"),
    code: shown(MAX_CODE),
    message: shown(MAX_MESSAGE),
    /** VNI of the network concerned. */
    vni: z.number().optional(),
  }),
  z.object({
    type: z.literal("error"),
    code: shown(MAX_CODE),
    message: shown(MAX_MESSAGE),
    request: shown(MAX_CODE).optional(),
    vni: z.number().optional(),
  }),
  ping,
  pong,
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type RelayMessage = z.infer<typeof relayMessage>;
export type Hello = z.infer<typeof hello>;
export type Member = z.infer<typeof member>;
export type RegisteredEndpoint = z.infer<typeof endpoint>;
export type NetworkOffer = z.infer<typeof network>;
export type Welcome = Extract<RelayMessage, { type: "welcome" }>;

/** Result of reading a text message. */
export type Parsed<Message> =
  | { readonly kind: "message"; readonly message: Message }
  /** An unknown type: ignored and counted. */
  | { readonly kind: "unknown"; readonly type: string }
  /** A known type with invalid fields: the request fails, the session continues. */
  | {
      readonly kind: "invalid";
      readonly type: string;
      readonly vni: number | undefined;
      /** Version in a `hello`, unchecked: another version may look different throughout. */
      readonly version: unknown;
      readonly problem: string;
    }
  /** Not one JSON object with a `type`: the session cannot continue. */
  | { readonly kind: "malformed"; readonly problem: string };

/** The messages of one side, distinguished by their `type`. */
interface MessageSchema<Message> {
  readonly options: readonly { readonly shape: { readonly type: { readonly value: string } } }[];
  safeParse(value: unknown): z.ZodSafeParseResult<Message>;
}

const envelope = z.looseObject({
  type: z.string(),
  vni: z.unknown().optional(),
  version: z.unknown().optional(),
});

/** Parses a control message by one side's schema. Never throws. */
export function parseControl<Message>(schema: MessageSchema<Message>, text: string): Parsed<Message> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed", problem: "control message is not JSON" };
  }
  const outer = envelope.safeParse(json);
  if (!outer.success) return { kind: "malformed", problem: "control message is not an object with a type" };
  const { type, vni, version } = outer.data;
  if (!schema.options.some((option) => option.shape.type.value === type)) return { kind: "unknown", type };
  const result = schema.safeParse(json);
  if (result.success) return { kind: "message", message: result.data };
  return {
    kind: "invalid",
    type,
    vni: typeof vni === "number" ? vni : undefined,
    version,
    problem: firstProblem(result.error),
  };
}

/** Returns the first problem of a value, as `path: problem`. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "invalid";
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}
