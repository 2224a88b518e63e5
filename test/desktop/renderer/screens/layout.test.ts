import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEIGHT, places, shorten, WIDTH } from "../../../../desktop/renderer/screens/topology/layout.ts";

describe("the layout of a topology", () => {
  it("keeps every machine inside the drawing and apart from all others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 17 }), (count) => {
        const points = places(count);
        expect(points).toHaveLength(count);
        for (const { x, y } of points) {
          expect(x).toBeGreaterThan(40);
          expect(x).toBeLessThan(WIDTH - 40);
          expect(y).toBeGreaterThan(40);
          expect(y).toBeLessThan(HEIGHT - 40);
        }
        for (const [index, one] of points.entries())
          for (const other of points.slice(index + 1))
            expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(42);
      }),
    );
  });

  it("places this machine at the left", () => {
    const [self, ...others] = places(5);
    expect(others.every(({ x }) => x > (self?.x ?? Number.NaN))).toBe(true);
  });

  it("shortens names that don't fit", () => {
    expect(shorten("bench")).toBe("bench");
    expect(shorten("a".repeat(40))).toBe(`${"a".repeat(19)}…`);
  });
});
