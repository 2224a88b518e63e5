import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parsePublicKey, verify } from "../../../relay/crypto/ed25519.ts";
import { encode, smallOrderKeys } from "../../support/relay/small-order.ts";

const PRIME = 2n ** 255n - 19n;

describe("an Ed25519 public key", () => {
  it("is 32 bytes of base64url", () => {
    for (let i = 0; i < 20; i++) {
      const { publicKey } = keyPair();
      expect(Buffer.from(parsePublicKey(publicKey) ?? []).toString("base64url")).toBe(publicKey);
    }
  });

  it.each([
    "",
    "AAAA",
    "!".repeat(43),
    `${"A".repeat(42)}=`,
    "A".repeat(44),
    // Unused bits that are set: the same bytes in another encoding.
    `${keyPair().publicKey.slice(0, 42)}B`,
  ])("is not %j", (text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });

  it("is not a point of small order, in any encoding", () => {
    const keys = smallOrderKeys();
    expect(keys).toHaveLength(14);
    for (const key of keys) expect(parsePublicKey(key), key).toBeUndefined();
  });

  it("is only accepted in its canonical encoding", () => {
    for (let y = PRIME; y < 2n ** 255n; y++) {
      expect(parsePublicKey(encode(y))).toBeUndefined();
      expect(parsePublicKey(encode(y + 2n ** 255n))).toBeUndefined();
    }
  });
});

describe("a signature", () => {
  it("is verified against its key and message only", async () => {
    const { publicKey, privateKey } = keyPair();
    const signature = sign(null, Buffer.from("a message, ä"), privateKey);
    const text = signature.toString("base64url");
    expect(await verify(publicKey, "a message, ä", text)).toBe(true);
    expect(await verify(publicKey, "a message", text)).toBe(false);
    expect(await verify(keyPair().publicKey, "a message, ä", text)).toBe(false);
    signature.writeUInt8(signature.readUInt8(5) ^ 1, 5);
    expect(await verify(publicKey, "a message, ä", signature.toString("base64url"))).toBe(false);
  });

  it.each(["", "AAAA", "A".repeat(86), "=".repeat(86)])("is not %j", async (text) => {
    expect(await verify(keyPair().publicKey, "a message", text)).toBe(false);
  });

  it("is not valid for an invalid key", async () => {
    for (const key of ["", "A".repeat(43), encode(2n)]) {
      expect(await verify(key, "a message", "A".repeat(86))).toBe(false);
    }
  });
});

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { publicKey: String(publicKey.export({ format: "jwk" }).x), privateKey };
}
