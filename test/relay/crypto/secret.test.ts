import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64url, hashSecret, newId, newSecret } from "../../../relay/crypto/secret.ts";

describe("a secret", () => {
  it("is 32 bytes in base64url, another each time", () => {
    const secrets = Array.from({ length: 50 }, newSecret);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    }
    expect(new Set(secrets).size).toBe(50);
  });

  it("is stored as its SHA-256", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (secret) => {
        expect(await hashSecret(secret)).toBe(createHash("sha256").update(secret, "utf8").digest("hex"));
      }),
    );
  });

  it("is encoded in base64url without padding, whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      }),
    );
  });
});

describe("an id", () => {
  it("is 16 hexadecimal digits, others each time", () => {
    const ids = Array.from({ length: 50 }, newId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set(ids).size).toBe(50);
  });
});
