/** The protocol's own numbers (docs/protocol.md): both ends hold to them, changing one is a new version. */

export const SUBPROTOCOL = "laneway.v1";
export const PROTOCOL_VERSION = 1;
/** Where the tunnel is; any prefix may stand in front. */
export const TUNNEL_PATH = "/v1/tunnel";

/** Bytes of a binary message at most. */
export const MESSAGE_BYTES = 262_144;
/** Bytes of an Ethernet frame at most: 65,535 of payload behind a header with an 802.1Q tag rounded down to even. */
export const FRAME_BYTES = 65_550;

/** How long a client has for its `hello`, in milliseconds. */
export const HELLO_MS = 5_000;
/** How often each side makes itself heard, in seconds: below the 60 s at which common proxies cut. */
export const KEEPALIVE_SECONDS = 20;
/** Silence after which the other side is given up, in seconds: two keepalives missed, and some. */
export const SILENCE_SECONDS = 50;

/** What may be asked for in `hello`. */
export const FEATURES = ["batch", "offload", "check"] as const;
export type Feature = (typeof FEATURES)[number];
