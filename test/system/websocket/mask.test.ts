import fc from "fast-check";
import { expect, it } from "vitest";
import { type Mask, mask, plainMask } from "../../../system/websocket/mask.ts";

it.each<[string, Mask]>([
  ["as this machine has it", mask],
  ["in JavaScript", plainMask],
])("masking %s applies the masking key repeatedly, and changes no other byte", (_name, apply) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.nat(20),
      fc.nat(8),
      (source, key, offset, start) => {
        // Not at a buffer's beginning, where words happen to be aligned.
        const bytes = new Uint8Array(start + source.length);
        bytes.set(source, start);
        const output = new Uint8Array(offset + source.length + 9).fill(0xaa);
        apply(bytes.subarray(start), key, output, offset, source.length);
        const expected = new Uint8Array(output.length).fill(0xaa);
        for (const [i, byte] of source.entries()) expected[offset + i] = byte ^ (key[i % 4] as number);
        expect(output).toEqual(expected);
        expect(bytes.subarray(start)).toEqual(source);
      },
    ),
  );
});
