import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deviceCredentials, tokenCredentials } from "../../../../desktop/agent/identity/credentials.ts";
import { DeviceKey } from "../../../../desktop/agent/identity/device-key.ts";

const key = DeviceKey.generate();
const nonce = "q83vEjRWeJAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhc";

function challenge(relay: string) {
  return { type: "challenge", nonce, relay } as const;
}

function signed(text: string, signature: string): boolean {
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.publicKey }, format: "jwk" });
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, "base64url"));
}

describe("a device's credentials", () => {
  it.each([
    ["https://relay.example:443/some/where/", "https://relay.example"],
    ["https://Relay.Example:8443", "https://relay.example:8443"],
    ["http://[2001:db8::1]:8787", "http://[2001:db8::1]:8787"],
  ])("sign the challenge for the origin of %s", (relay, origin) => {
    const auth = deviceCredentials({ relay: new URL(relay), device: "d1", key }).answer(challenge(origin));
    expect(auth).toEqual({ method: "device", device: "d1", signature: expect.any(String) });
    if (auth.method !== "device") throw new Error("it is no device");
    expect(signed(`laneway.v1\n${origin}\n${nonce}\nd1`, auth.signature)).toBe(true);
  });

  it("sign for the dialled relay, regardless of the challenge's origin", () => {
    const relay = new URL("https://evil.example");
    const auth = deviceCredentials({ relay, device: "d1", key }).answer(challenge("https://relay.example"));
    if (auth.method !== "device") throw new Error("it is no device");
    expect(signed(`laneway.v1\nhttps://relay.example\n${nonce}\nd1`, auth.signature)).toBe(false);
    expect(signed(`laneway.v1\nhttps://evil.example\n${nonce}\nd1`, auth.signature)).toBe(true);
  });

  it("advise about the origins after a refusal", () => {
    const credentials = deviceCredentials({ relay: new URL("https://a.example"), device: "d1", key });
    credentials.answer(challenge("http://backend:8787"));
    expect(credentials.advice(4001)).toMatch(/'http:\/\/backend:8787'.*--public-url/);
    credentials.answer(challenge("https://a.example"));
    expect(credentials.advice(4001)).toMatch(/invite/);
    expect(credentials.advice(4003)).toMatch(/invite/);
    expect(credentials.advice(4004)).toBeUndefined();
  });
});

describe("a token's credentials", () => {
  it("are the token for any challenge", () => {
    const credentials = tokenCredentials("t0ken");
    expect(credentials.answer(challenge("https://a.example"))).toEqual({ method: "token", token: "t0ken" });
    for (const code of [4001, 4003]) expect(credentials.advice(code)).toMatch(/token/);
    expect(credentials.advice(4009)).toBeUndefined();
  });
});
