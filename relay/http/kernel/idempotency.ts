import { z } from "zod";
import { Fault, usage } from "../../../shared/values/fault.ts";
import { hashSecret } from "../../crypto/secret.ts";

/** How long an answer is given again, in seconds. */
const KEPT_SECONDS = 86_400;
/** Answers kept for one tenant's administrators, and for all. The oldest of the one that has most go first. */
const KEPT_EACH = 500;
const KEPT = 10_000;
/** And their bytes. */
const BYTES_EACH = 512 * 1024;
const BYTES = 16 * 1024 * 1024;
/** Seconds between two looks at all that is kept. */
const SWEEP_SECONDS = 60;
/** What an answer takes besides its body and key. */
const ENTRY_BYTES = 512;

export const IDEMPOTENCY_HEADERS = z.object({
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(512)
    .optional()
    .meta({
      description:
        "Asks for this to be done once: for 24 hours the same key with the same request is answered as it was the first time. A string of 1 to 255 visible characters, in double quotes or without.",
      examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
    }),
});

/** A request that is to be done once. */
export interface Once {
  /** Whose room the answer takes: the one tenant that they administer; undefined for the relay's administrator. */
  readonly tenant: string | undefined;
  /** Who asks, by name and by their token. */
  readonly administrator: string;
  readonly secret: string;
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** What is asked: method, path and body. */
  readonly request: string;
}

interface Sealed {
  readonly status: number;
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** The body, which may have a secret in it. */
  readonly body: ArrayBuffer;
}

interface Entry {
  readonly fingerprint: string;
  readonly at: number;
  bytes: number;
  /** Absent while it is under way. */
  sealed: Sealed | undefined;
}

/** What is kept for one owner. */
interface Kept {
  /** The oldest first. */
  readonly entries: Map<string, Entry>;
  bytes: number;
}

const NOTHING: Kept = { entries: new Map(), bytes: 0 };

/**
 * Answers that are given again to whoever asks the same with the same key
 * (draft-ietf-httpapi-idempotency-key-header). They are kept in memory alone, sealed by key and token of whoever
 * asked: the relay itself can't read them until both come again.
 */
export class Idempotency {
  readonly #clock: () => number;
  /** By {@link Once.tenant}. */
  readonly #owners = new Map<string | undefined, Kept>();
  #size = 0;
  #bytes = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** @param clock seconds, never going back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Does something, or answers as when it was done before. What did not succeed is not remembered.
   *
   * @param work gives a response that is JSON
   * @throws Fault `request.invalid` for a key that can't be one, `idempotency.in-flight`, `idempotency.mismatch`
   */
  async once(once: Once, work: () => Promise<Response>): Promise<Response> {
    const key = readKey(once.key);
    // No name of an administrator has a line feed in it.
    const name = `${once.administrator}\n${key}`;
    const fingerprint = await hashSecret(once.request);
    // From here to where it is entered nothing waits, so that of two at once one is the first.
    this.#forget(once.tenant);
    const known = this.#owners.get(once.tenant)?.entries.get(name);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) throw mismatch(key);
      if (known.sealed === undefined) throw inFlight(key);
      return await open(known.sealed, once.secret, key);
    }
    const entry: Entry = { fingerprint, at: this.#clock(), bytes: 0, sealed: undefined };
    this.#enter(once.tenant, name, entry);
    try {
      const response = await work();
      if (response.ok) {
        entry.sealed = await seal(response.clone(), once.secret, key);
        this.#grow(once.tenant, name, entry, entry.sealed.body.byteLength);
      }
      return response;
    } finally {
      if (entry.sealed === undefined) this.#remove(once.tenant, name, entry);
    }
  }

  #enter(owner: string | undefined, name: string, entry: Entry): void {
    const kept = this.#owners.get(owner) ?? { entries: new Map<string, Entry>(), bytes: 0 };
    this.#owners.set(owner, kept);
    kept.entries.set(name, entry);
    this.#size++;
    this.#grow(owner, name, entry, ENTRY_BYTES + name.length);
  }

  /** Counts what an entry takes, and makes room for it. */
  #grow(owner: string | undefined, name: string, entry: Entry, bytes: number): void {
    const kept = this.#owners.get(owner);
    // It may have had to go while it was under way.
    if (kept === undefined || kept.entries.get(name) !== entry) return;
    entry.bytes += bytes;
    kept.bytes += bytes;
    this.#bytes += bytes;
    while (kept.entries.size > KEPT_EACH || kept.bytes > BYTES_EACH) this.#removeOldest(owner, kept);
    while (this.#size > KEPT || this.#bytes > BYTES) this.#removeOldest(...this.#largest());
  }

  #largest(): [string | undefined, Kept] {
    let largest: [string | undefined, Kept] = [undefined, NOTHING];
    for (const each of this.#owners) if (each[1].bytes > largest[1].bytes) largest = each;
    return largest;
  }

  /** Forgets what one tenant was answered too long ago, and with every so many others what all were. */
  #forget(owner: string | undefined): void {
    const before = this.#clock() - KEPT_SECONDS;
    const kept = this.#owners.get(owner);
    if (kept !== undefined) this.#forgetBefore(before, owner, kept);
    if (before - this.#sweptAt < SWEEP_SECONDS) return;
    this.#sweptAt = before;
    for (const [each, theirs] of this.#owners) this.#forgetBefore(before, each, theirs);
  }

  #forgetBefore(before: number, owner: string | undefined, { entries }: Kept): void {
    // In the order of their time.
    for (const [name, entry] of entries) {
      if (entry.at > before) break;
      this.#remove(owner, name, entry);
    }
  }

  #removeOldest(owner: string | undefined, { entries }: Kept): void {
    const [oldest] = entries;
    if (oldest !== undefined) this.#remove(owner, ...oldest);
  }

  #remove(owner: string | undefined, name: string, entry: Entry): void {
    const kept = this.#owners.get(owner);
    // Another of the same key may have taken its place.
    if (kept === undefined || kept.entries.get(name) !== entry) return;
    kept.entries.delete(name);
    kept.bytes -= entry.bytes;
    this.#bytes -= entry.bytes;
    this.#size--;
    if (kept.entries.size === 0) this.#owners.delete(owner);
  }
}

/** A structured field's string (RFC 9651 section 3.3.3), or the same without quotes, as most write it. */
function readKey(text: string): string {
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
    .exec(text)?.[1]
    ?.replaceAll(/\\(.)/g, "$1");
  const key = quoted ?? (/^[\x21\x23-\x7e][\x21-\x7e]*$/.test(text) ? text : "");
  if (key.length > 0 && key.length <= 255) return key;
  throw usage(
    "request.invalid",
    `${JSON.stringify(text)} for Idempotency-Key is no string of 1 to 255 visible characters`,
    'Write it in double quotes, like "8e03978e-40d5-43e8-bc93-6894a57f9324".',
  );
}

async function seal(response: Response, secret: string, key: string): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const body = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce },
    await sealingKey(secret, key),
    await response.arrayBuffer(),
  );
  return { status: response.status, nonce, body };
}

async function open({ status, nonce, body }: Sealed, secret: string, key: string): Promise<Response> {
  const algorithm = { name: "AES-GCM", iv: nonce };
  const text = await crypto.subtle.decrypt(algorithm, await sealingKey(secret, key), body);
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

/** The token has 256 bits of chance, so a plain hash makes a key of it. */
async function sealingKey(secret: string, key: string) {
  const bytes = new TextEncoder().encode(`laneway.idempotency.v1\n${secret}\n${key}`);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return await crypto.subtle.importKey("raw", digest, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function mismatch(key: string): Fault {
  return new Fault({
    code: "idempotency.mismatch",
    message: `the Idempotency-Key '${key}' was used for another request`,
    hint: "Take a new key for each request that is not the same.",
  });
}

function inFlight(key: string): Fault {
  return new Fault({
    code: "idempotency.in-flight",
    message: `the request with the Idempotency-Key '${key}' is still under way`,
    hint: "Ask again in a moment.",
  });
}
