import { z } from "zod";
import { Fault, usage } from "../../../shared/values/fault.ts";
import { hashSecret } from "../../crypto/secret.ts";

/** Time for which an answer is repeated, in seconds. */
const KEPT_SECONDS = 86_400;
/** Maximum number of kept answers, for each tenant and in total. The owner with the most loses its oldest first. */
const KEPT_EACH = 500;
const KEPT = 10_000;
/** Maximum size of kept answers in bytes, for each tenant and in total. */
const BYTES_EACH = 512 * 1024;
const BYTES = 16 * 1024 * 1024;
/** Interval between sweeps of all kept answers, in seconds. */
const SWEEP_SECONDS = 60;
/** Overhead of an answer besides its body and key, in bytes. */
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

/** A request to perform only once. */
export interface Once {
  /** The tenant whose budget the answer counts against; undefined for the relay's administrator. */
  readonly tenant: string | undefined;
  /** The caller: its name and token. */
  readonly administrator: string;
  readonly secret: string;
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** The request: method, path and body. */
  readonly request: string;
}

interface Sealed {
  readonly status: number;
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** The response body, which may contain a secret. */
  readonly body: ArrayBuffer;
}

interface Entry {
  readonly fingerprint: string;
  readonly at: number;
  bytes: number;
  /** Undefined while the request is in progress. */
  sealed: Sealed | undefined;
}

/** The kept answers of one owner. */
interface Kept {
  /** Answers by key, oldest first. */
  readonly entries: Map<string, Entry>;
  bytes: number;
}

const NOTHING: Kept = { entries: new Map(), bytes: 0 };

/**
 * Repeats the answer to a request with the same caller and key (draft-ietf-httpapi-idempotency-key-header). Keeps
 * answers only in memory, encrypted with the caller's token and key, so the relay cannot read them until both come
 * again.
 */
export class Idempotency {
  readonly #clock: () => number;
  /** Kept answers by {@link Once.tenant}. */
  readonly #owners = new Map<string | undefined, Kept>();
  #size = 0;
  #bytes = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** @param clock returns monotonic seconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Performs a request, or repeats its earlier answer. Forgets requests that failed.
   *
   * @param work returns a JSON response
   * @throws Fault `request.invalid` for an invalid key, `idempotency.in-flight`, `idempotency.mismatch`
   */
  async once(once: Once, work: () => Promise<Response>): Promise<Response> {
    const key = readKey(once.key);
    // Unambiguous because an administrator's name never contains a line feed.
    const name = `${once.administrator}\n${key}`;
    const fingerprint = await hashSecret(once.request);
    // No await from here until the entry is set, so only the first of two concurrent requests proceeds.
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

  /** Adds to an entry's size, and evicts others if there is no room. */
  #grow(owner: string | undefined, name: string, entry: Entry, bytes: number): void {
    const kept = this.#owners.get(owner);
    // The entry may have been evicted while its request was in progress.
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

  /** Removes an owner's expired answers, and those of all owners once per sweep. */
  #forget(owner: string | undefined): void {
    const before = this.#clock() - KEPT_SECONDS;
    const kept = this.#owners.get(owner);
    if (kept !== undefined) this.#forgetBefore(before, owner, kept);
    if (before - this.#sweptAt < SWEEP_SECONDS) return;
    this.#sweptAt = before;
    for (const [each, theirs] of this.#owners) this.#forgetBefore(before, each, theirs);
  }

  #forgetBefore(before: number, owner: string | undefined, { entries }: Kept): void {
    // Entries are in order of time.
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
    // A newer entry may have the same key.
    if (kept === undefined || kept.entries.get(name) !== entry) return;
    kept.entries.delete(name);
    kept.bytes -= entry.bytes;
    this.#bytes -= entry.bytes;
    this.#size--;
    if (kept.entries.size === 0) this.#owners.delete(owner);
  }
}

/** Parses a structured field's string (RFC 9651 section 3.3.3), or the same without quotes, as most clients send it. */
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

/** Derives the key with a plain hash, because the token has 256 random bits. */
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
