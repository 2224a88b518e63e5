/**
 * The texts that a device signs with its key (docs/protocol.md, "Opening" and "Enrolment"), as UTF-8. Each begins with what
 * it is for and names the relay, so that a signature is of no use for anything else or at another relay.
 */

/**
 * Returns what a device signs to open a session.
 *
 * @param origin the relay's: the client's own, as it dials it, and the relay's own, as it was asked
 * @param nonce the challenge's, as it came
 * @param device the device's id
 */
export function sessionText(origin: string, nonce: string, device: string): string {
  return ["laneway.v1", origin, nonce, device].join("\n");
}

/**
 * Returns what a device signs to enrol, which proves that it has its key.
 *
 * @param origin the relay's, as in {@link sessionText}
 * @param secretHash SHA-256 of the text of the invite's secret, base64url
 * @param publicKey Ed25519, base64url
 */
export function enrolmentText(origin: string, tenant: string, secretHash: string, publicKey: string): string {
  return ["laneway.enrol.v1", origin, tenant, secretHash, publicKey].join("\n");
}
