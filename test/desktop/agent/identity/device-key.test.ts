import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { expect, it } from "vitest";
import { DeviceKey } from "../../../../desktop/agent/identity/device-key.ts";

// RFC 8032 section 7.1, test 2; RFC 8410 section 7 defines the bytes around the private key.
const SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SIGNATURE =
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

const base64url = (hex: string) => Buffer.from(hex, "hex").toString("base64url");

it("signs as RFC 8032 says", () => {
  const pkcs8 = Buffer.from(`302e020100300506032b657004220420${SEED}`, "hex").toString("base64");
  const key = DeviceKey.fromPkcs8(pkcs8);
  expect(key.publicKey).toBe(base64url(PUBLIC));
  expect(key.sign("r")).toBe(base64url(SIGNATURE));
  expect(key.toPkcs8()).toBe(pkcs8);
});

it("differs each time it is created, and is the same each time it is read", () => {
  const key = DeviceKey.generate();
  const again = DeviceKey.fromPkcs8(key.toPkcs8());
  expect(again.publicKey).toBe(key.publicKey);
  expect(DeviceKey.generate().publicKey).not.toBe(key.publicKey);
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.publicKey };
  const signature = Buffer.from(again.sign("héllo\n"), "base64url");
  expect(verify(null, Buffer.from("héllo\n"), createPublicKey({ key: jwk, format: "jwk" }), signature)).toBe(
    true,
  );
});

it("does not show itself when it is printed", () => {
  const key = DeviceKey.generate();
  expect(JSON.stringify({ key })).toBe(JSON.stringify({ key: { publicKey: key.publicKey } }));
});

it("rejects keys of another kind, and texts that are no key", () => {
  const x25519 = generateKeyPairSync("x25519").privateKey.export({ format: "der", type: "pkcs8" });
  expect(() => DeviceKey.fromPkcs8(x25519.toString("base64"))).toThrow("no Ed25519 key");
  expect(() => DeviceKey.fromPkcs8("")).toThrow();
});
