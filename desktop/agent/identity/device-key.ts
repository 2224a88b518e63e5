/** A device's Ed25519 key pair (RFC 8032), which identifies it to one relay and tenant. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export class DeviceKey {
  /** The public key: the 32 bytes of RFC 8032, base64url without padding. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    if (key.asymmetricKeyType !== "ed25519") throw new TypeError("it is no Ed25519 key");
    this.#key = key;
    // `x` is the public key itself (RFC 8037 section 2).
    this.publicKey = createPublicKey(key).export({ format: "jwk" }).x ?? "";
  }

  static generate(): DeviceKey {
    return new DeviceKey(generateKeyPairSync("ed25519").privateKey);
  }

  /**
   * Reads a private key.
   *
   * @param pkcs8 from {@link toPkcs8}
   * @throws Error if it is not a key; the message does not contain it
   */
  static fromPkcs8(pkcs8: string): DeviceKey {
    return new DeviceKey(
      createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" }),
    );
  }

  /** Returns the private key for storage: PKCS #8 (RFC 8410), DER in base64. */
  toPkcs8(): string {
    return this.#key.export({ format: "der", type: "pkcs8" }).toString("base64");
  }

  /** Signs the UTF-8 bytes of a text. @returns 64 bytes, base64url without padding */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString("base64url");
  }
}
