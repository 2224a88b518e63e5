/**
 * Control messages of `laneway.v1`: one JSON object per text message.
 *
 * The relay speaks first: `challenge`. The client answers with `hello`, which carries its credentials, and
 * is told by `welcome` which networks it may join. It `join`s some and hears `joined` with the members that are
 * there; from then on frames with that VNI pass, and `member` tells who comes and goes. Either side may
 * `ping` at any time after that. Fields that are not known are ignored, and so are types.
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

/** Bounds on what one `register` may say: a lab bench of machines, with several addresses each. */
const MAX_ENDPOINTS = 256;
const MAX_ADDRESSES = 16;

const endpoint = z.object({
  mac: z.string().max(17),
  addresses: z.array(z.string().max(45)).max(MAX_ADDRESSES).optional(),
  name: text.optional(),
});

/**
 * Bounds on what a relay may say, for a client to hold to: a message that exceeds them is invalid, except for texts, which
 * are cut. Together with the size of a message they bound what one message takes to read and to keep.
 */
const MAX_MEMBERS = 10_000;
const MAX_OFFERS = 4_096;
const MAX_FEATURES = 64;
const MAX_MESSAGE = 1_024;
const MAX_CODE = 64;

/** A text of the relay's that is shown: on one line, without characters that a terminal obeys, and cut. */
const shown = (most: number) => z.string().transform((value) => plainText(value, most));

/** A number that is judged by its value: NaN for what is none. */
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
 * A network as `welcome` offers it. Only the types are read here: the values are the relay's word, and the client judges
 * each of them (desktop/agent/trust), so that a network comes up without the values that it refuses.
 */
const network = z.object({
  name: z.string(),
  vni: anyNumber,
  group: z.string(),
  mtu: anyNumber,
  /** CIDRs. */
  address: z.string().optional(),
  address6: z.string().optional(),
  /** Who knows the names in the network, and under which domain they are. */
  dns: z.object({ servers: z.array(z.string()), domain: z.string() }).optional(),
});

const ping = z.object({ type: z.literal("ping"), id: z.union([z.number(), z.string().max(64)]) });
const pong = z.object({ type: z.literal("pong"), id: z.union([z.number(), z.string().max(64)]) });

const hello = z.object({
  type: z.literal("hello"),
  version: z.number(),
  client: z.object({ name: text, software: text.optional(), os: text.optional() }),
  features: z.array(text).max(64).default([]),
  // Credentials of no known form are none: they are refused, not malformed.
  auth: auth.optional().catch(undefined),
});

/** What a client may send. */
export const clientMessage = z.discriminatedUnion("type", [
  hello,
  z.object({ type: z.literal("join"), vni }),
  z.object({ type: z.literal("leave"), vni }),
  z.object({ type: z.literal("check"), vni, address: z.string().max(45) }),
  z.object({ type: z.literal("register"), vni, endpoints: z.array(endpoint).max(MAX_ENDPOINTS) }),
  ping,
  pong,
]);

/** What a relay may send. */
export const relayMessage = z.discriminatedUnion("type", [
  // The nonce is signed: nothing that could end a line of what is signed, or grow it.
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
    /** A clause: `it is the hub's own`. Absent where nothing is known against the address. */
    objection: shown(256).optional(),
    /** CIDR, what the relay gives in its place. */
    given: shown(64).optional(),
  }),
  z.object({ type: z.literal("member"), vni, event: z.enum(["joined", "changed", "left"]), member }),
  z.object({ type: z.literal("drain"), after_seconds: anyNumber }),
  z.object({
    type: z.literal("notice"),
    code: shown(MAX_CODE),
    message: shown(MAX_MESSAGE),
    /** Of the network that it is about. */
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
export type Endpoint = z.infer<typeof endpoint>;
export type NetworkOffer = z.infer<typeof network>;
export type Welcome = Extract<RelayMessage, { type: "welcome" }>;

/** What became of a text message that was read. */
export type Parsed<Message> =
  | { readonly kind: "message"; readonly message: Message }
  /** A type that is not spoken here: ignored and counted. */
  | { readonly kind: "unknown"; readonly type: string }
  /** A known type with fields that can't be: the request failed, the session goes on. */
  | {
      readonly kind: "invalid";
      readonly type: string;
      readonly vni: number | undefined;
      /** Of a `hello`, as it came: another version's may look different throughout. */
      readonly version: unknown;
      readonly problem: string;
    }
  /** Not one JSON object with a `type`: the session can't go on. */
  | { readonly kind: "malformed"; readonly problem: string };

/** One side's messages, told apart by their `type`. */
interface MessageSchema<Message> {
  readonly options: readonly { readonly shape: { readonly type: { readonly value: string } } }[];
  safeParse(value: unknown): z.ZodSafeParseResult<Message>;
}

const envelope = z.looseObject({
  type: z.string(),
  vni: z.unknown().optional(),
  version: z.unknown().optional(),
});

/** Reads a control message against one side's schema. Never throws. */
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

/** The first thing wrong with a value, as `path: problem`. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "invalid";
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}
