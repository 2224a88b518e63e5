/** Constants of the protocol (docs/protocol.md). Both ends rely on them, so changing one makes a new version. */

export const SUBPROTOCOL = "laneway.v1";
export const PROTOCOL_VERSION = 1;
/** Path of the tunnel's endpoint; any prefix may precede it. */
export const TUNNEL_PATH = "/v1/tunnel";

/** Maximum size of a binary message in bytes. */
export const MESSAGE_BYTES = 262_144;
/**
 * Maximum size of an Ethernet frame in bytes: 65,535 of payload behind a header with an 802.1Q tag, rounded down to
 * even.
 */
export const FRAME_BYTES = 65_550;

/** Time limit for a client's `hello`, in milliseconds. */
export const HELLO_MS = 5_000;
/** Interval at which each side sends something, in seconds: below the 60 s at which common proxies cut. */
export const KEEPALIVE_SECONDS = 20;
/** Silence in seconds after which a side gives the other up: two missed keepalives, and some. */
export const SILENCE_SECONDS = 50;

/** Features that a `hello` may request. */
export const FEATURES = ["batch", "offload", "check"] as const;
export type Feature = (typeof FEATURES)[number];
