/**
 * Values on their way between processes, as JSON text: those of JSON, and undefined. All else that Electron's structured clone
 * takes is refused, as is what it refuses itself (functions, symbols), so that neither passes unseen.
 *
 * Both functions are also sent to pages as their text: they need nothing from outside.
 */
export function encode(value: unknown): string {
  const pack = (one: unknown): unknown => {
    if (one === null || typeof one === "boolean" || typeof one === "string" || Number.isFinite(one))
      return one;
    if (one === undefined) return {};
    if (Array.isArray(one)) return one.map(pack);
    const prototype: unknown = typeof one === "object" ? Object.getPrototypeOf(one) : undefined;
    // Object.prototype, of whichever world.
    if (prototype === undefined || (prototype !== null && Object.getPrototypeOf(prototype) !== null))
      throw new TypeError(`An object could not be cloned: ${Object.prototype.toString.call(one)}`);
    return { entries: Object.entries(one as object).map(([key, inner]) => [key, pack(inner)]) };
  };
  return JSON.stringify(pack(value));
}

export function decode(text: string): unknown {
  const unpack = (one: unknown): unknown => {
    if (one === null || typeof one !== "object") return one;
    if (Array.isArray(one)) return one.map(unpack);
    const { entries } = one as { entries?: [string, unknown][] };
    return entries && Object.fromEntries(entries.map(([key, inner]) => [key, unpack(inner)]));
  };
  return unpack(JSON.parse(text));
}
