/**
 * Throws for unknown members: `undefined` would mean "not there", and a test over the double would then say nothing
 * about Electron.
 */
export function strict<T extends object>(name: string, target: T): T {
  const bound = new Map<PropertyKey, unknown>();
  return new Proxy(target, {
    get(_target, key) {
      // Promises and consoles read these of every object.
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return Reflect.get(target, key);
      if (!(key in target)) throw new Error(`the double of electron does not know ${name}.${key}`);
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      // Bound to the object with the private fields, and the same each time.
      if (!bound.has(key)) bound.set(key, value.bind(target));
      return bound.get(key);
    },
    set(_target, key, value) {
      if (!(key in target)) throw new Error(`the double of electron does not know ${name}.${String(key)}`);
      return Reflect.set(target, key, value, target);
    },
  });
}

/** Throws for an option that the double does not know, so that none is silently without effect. */
export function knownKeys(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new Error(`the double of electron does not know ${what}: ${key}`);
  }
}
