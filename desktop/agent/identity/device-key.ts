/** A device's Ed25519 key pair (RFC 8032): what it is known by to one relay and tenant. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export class DeviceKey {
  /** Its public half: the 32 bytes of RFC 8032, base64url without padding. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    if (key.asymmetricKeyType !== "ed25519") throw new TypeError("it is no Ed25519 key");
    this.#key = key;
    // RFC 8037 section 2: `x` is the public key itself.
    this.publicKey = createPublicKey(key).export({ format: "jwk" }).x ?? "";
  }

  static generate(): DeviceKey {
    return new DeviceKey(generateKeyPairSync("ed25519").privateKey);
  }

  /**
   * @param pkcs8 as {@link toPkcs8} gave it
   * @throws Error where it is none; its message has nothing of the key
   */
  static fromPkcs8(pkcs8: string): DeviceKey {
    return new DeviceKey(
      createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" }),
    );
  }

  /** The private half for keeping: PKCS #8 (RFC 8410), DER in base64. */
  toPkcs8(): string {
    return this.#key.export({ format: "der", type: "pkcs8" }).toString("base64");
  }

  /** Signs the UTF-8 bytes of a text. @returns 64 bytes, base64url without padding */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString("base64url");
  }
}
