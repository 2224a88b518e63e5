import type { Hello } from "../../../shared/protocol/control.ts";
import { sessionText } from "../../../shared/protocol/signed-text.ts";
import { verify } from "../../crypto/ed25519.ts";
import { hashSecret } from "../../crypto/secret.ts";
import type { Connection } from "./socket.ts";

/** Who somebody is, as far as can be told without asking what they may do: a token's hash, or a device that proved it. */
export type Claim =
  | { readonly kind: "token"; readonly hash: string }
  | { readonly kind: "device"; readonly id: string };

/**
 * Reads the credentials of a `hello`. A bearer token on the upgrade does the same, and whichever is given has to be
 * right.
 *
 * @param nonce of this connection's challenge, and of no other
 * @param keyOf the public key of a device
 * @returns undefined where there are none, or a device's signature is wrong
 */
export async function claimOf(
  { auth }: Hello,
  { bearer, origin }: Connection,
  nonce: string,
  keyOf: (device: string) => string | undefined,
): Promise<Claim | undefined> {
  if (auth?.method === "device") {
    if (bearer !== undefined) return undefined;
    const key = keyOf(auth.device);
    // Of a device that is not there it takes as long, so that nobody finds out by the clock which are.
    const signed = await verify(key ?? SOME_KEY, sessionText(origin, nonce, auth.device), auth.signature);
    return signed && key !== undefined ? { kind: "device", id: auth.device } : undefined;
  }
  const secret = bearer ?? auth?.token;
  if (secret === undefined || (auth !== undefined && auth.token !== secret)) return undefined;
  return { kind: "token", hash: await hashSecret(secret) };
}

/** A key to verify by where nothing depends on the outcome: the curve's base point (RFC 8032 section 5.1). */
const SOME_KEY = "WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY";
