/**
 * Encodes values between processes as JSON text. It refuses values that Electron's structured clone accepts and this
 * encoding can't carry, and values that the clone refuses (functions, symbols), so that neither passes unnoticed. Both
 * functions are also sent to pages as text, so they use nothing from outside.
 */
export function encode(value: unknown): string {
  const refuse = (what: string): never => {
    throw new TypeError(`An object could not be cloned: ${what}`);
  };
  const pack = (one: unknown): unknown => {
    if (one === null || typeof one === "boolean" || typeof one === "string") return one;
    if (typeof one === "number") return Number.isFinite(one) ? one : { $: "number", v: String(one) };
    if (one === undefined) return { $: "undefined" };
    if (typeof one === "bigint") return { $: "bigint", v: String(one) };
    if (typeof one !== "object") return refuse(String(one));
    if (Array.isArray(one)) return one.map(pack);
    if (one instanceof Date) return { $: "date", v: one.getTime() };
    if (one instanceof Map) return { $: "map", v: [...one].map(pack) };
    if (one instanceof Set) return { $: "set", v: [...one].map(pack) };
    if (one instanceof Uint8Array) return { $: "bytes", v: [...one] };
    if (one instanceof Error) return { $: "error", v: String(one.message) };
    const prototype: unknown = Object.getPrototypeOf(one);
    // Object.prototype of any world.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return refuse(Object.prototype.toString.call(one));
    return { $: "object", v: Object.entries(one).map(([key, inner]) => [key, pack(inner)]) };
  };
  return JSON.stringify(pack(value));
}

export function decode(text: string): unknown {
  const unpack = (one: unknown): unknown => {
    if (one === null || typeof one !== "object") return one;
    if (Array.isArray(one)) return one.map(unpack);
    const { $: kind, v } = one as { $: string; v: never };
    switch (kind) {
      case "number":
        return Number(v);
      case "bigint":
        return BigInt(v);
      case "date":
        return new Date(v);
      case "map":
        return new Map((v as unknown[]).map(unpack) as [unknown, unknown][]);
      case "set":
        return new Set((v as unknown[]).map(unpack));
      case "bytes":
        return new Uint8Array(v);
      case "error":
        return new Error(v);
      case "object":
        return Object.fromEntries((v as [string, unknown][]).map(([key, inner]) => [key, unpack(inner)]));
      default:
        return undefined;
    }
  };
  return unpack(JSON.parse(text));
}
