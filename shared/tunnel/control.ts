/**
 * Control messages of `laneway.v1`: one JSON object per text message.
 *
 * The relay speaks first: `challenge`. The client answers with `hello`, which carries its credentials, and
 * is told by `welcome` which networks it may join. It `join`s some and hears `joined` with the members that are
 * there; from then on frames with that VNI pass, and `member` tells who comes and goes. Either side may
 * `ping` at any time after that. Fields that are not known are ignored, and so are types.
 */
import { z } from "zod";
import { MAX_VNI } from "../frame/vxlan.ts";

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

const member = z.object({
  vtep: z.string(),
  name: z.string(),
  online: z.boolean(),
  endpoints: z.array(endpoint),
});

const network = z.object({
  name: z.string(),
  vni,
  group: z.string(),
  mtu: z.number().int().positive(),
  /** CIDRs. */
  address: z.string().optional(),
  address6: z.string().optional(),
  /** Who knows the names in the network, and under which domain they are. */
  dns: z.object({ servers: z.array(z.string()).max(4), domain: z.string() }).optional(),
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
  z.object({ type: z.literal("register"), vni, endpoints: z.array(endpoint).max(MAX_ENDPOINTS) }),
  ping,
  pong,
]);

/** What a relay may send. */
export const relayMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("challenge"), nonce: z.string(), relay: z.string() }),
  z.object({
    type: z.literal("welcome"),
    session: z.string(),
    features: z.array(z.string()),
    networks: z.array(network),
    limits: z.object({ message_bytes: z.number(), frame_bytes: z.number(), macs: z.number() }),
    keepalive_seconds: z.number().positive(),
  }),
  z.object({ type: z.literal("joined"), vni, members: z.array(member) }),
  z.object({ type: z.literal("left"), vni }),
  z.object({ type: z.literal("member"), vni, event: z.enum(["joined", "changed", "left"]), member }),
  z.object({ type: z.literal("drain"), after_seconds: z.number() }),
  z.object({ type: z.literal("notice"), code: z.string(), message: z.string() }),
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    request: z.string().optional(),
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
