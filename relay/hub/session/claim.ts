import type { Hello } from "../../../shared/protocol/control.ts";
import { sessionText } from "../../../shared/protocol/signed-text.ts";
import { verify } from "../../crypto/ed25519.ts";
import { hashSecret } from "../../crypto/secret.ts";
import type { Grant } from "../../model/grants.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import type { Connection } from "./socket.ts";

/** The identity of a client before its rights are looked up: the hash of a token, or a device that proved its key. */
export type IdentityClaim =
  | { readonly kind: "token"; readonly hash: string }
  | { readonly kind: "device"; readonly id: string };

/**
 * Reads the credentials of a `hello`. A bearer token on the upgrade is equivalent; each that is given must be valid.
 *
 * @param nonce the nonce of this connection's challenge
 * @param keyOf returns the public key of a device
 * @returns undefined if there are no credentials, or if a device's signature is wrong
 */
export async function claimOf(
  { auth }: Hello,
  { bearer, origin }: Connection,
  nonce: string,
  keyOf: (device: string) => string | undefined,
): Promise<IdentityClaim | undefined> {
  if (auth?.method === "device") {
    if (bearer !== undefined) return undefined;
    const key = keyOf(auth.device);
    // Verifying takes as long for an unknown device, so that timing does not reveal which devices exist.
    const signed = await verify(key ?? SOME_KEY, sessionText(origin, nonce, auth.device), auth.signature);
    return signed && key !== undefined ? { kind: "device", id: auth.device } : undefined;
  }
  const secret = bearer ?? auth?.token;
  if (secret === undefined || (auth !== undefined && auth.token !== secret)) return undefined;
  return { kind: "token", hash: await hashSecret(secret) };
}

/** A key for verifications whose outcome is ignored: the curve's base point (RFC 8032 section 5.1). */
export function grantOf(claim: IdentityClaim, tenants: Tenants): Grant | undefined {
  return claim.kind === "device" ? tenants.devices.grant(claim.id) : tenants.authenticate(claim.hash);
}

/** A key to verify by where nothing depends on the outcome: the curve's base point (RFC 8032 section 5.1). */
const SOME_KEY = "WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY";
