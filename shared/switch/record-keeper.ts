/**
 * The memory of records that wait.
 *
 * A record waits as a range of the buffer it came in, so that a batch can leave as it came. But a range keeps
 * its whole buffer alive: a ping of 100 bytes a slab of 64 KiB. So small records are copied into chunks they
 * share; others stay where they are until the buffers kept alive come to {@link REFERENCED_LIMITS} times the limit,
 * and are copied from then on. Chunks are buffers too, and one that stays may keep others' room alive, so
 * at {@link HELD_LIMITS} times the limit a copy gets a buffer of its own, which is as long as the record. What
 * is kept alive is thus {@link HELD_LIMITS} times the limit at most, and the records themselves, whatever is sent.
 */

/** Records up to this size are always copied: that costs less than to keep the buffer around them. */
export const COPIED_BYTES = 512;

/** How many times the limit may be kept alive in buffers that records came in. */
export const REFERENCED_LIMITS = 2;

/** The same, with the chunks of copies. */
export const HELD_LIMITS = 3;

/** Room for ten full frames, or two hundred small ones. */
const CHUNK_BYTES = 16 * 1024;

/** The largest record that goes into a chunk: what it may leave unused at a chunk's end is an eighth. */
const CHUNKED_BYTES = CHUNK_BYTES / 8;

/** Copied byte by byte; for more than this a view to copy from is worth its allocation. */
const LOOPED_BYTES = 128;

const NOTHING = new Uint8Array(0);

/** Where a record lies: `bytes[start, end)`. */
export interface RecordRange {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** A place for the range of a record that is kept, to be used again after {@link RecordKeeper.release}. */
export class KeptRecord implements RecordRange {
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /** The buffer it shares with others; undefined for one of its own. */
  hold: BufferHold | undefined;

  get size(): number {
    return this.end - this.start;
  }
}

export class RecordKeeper {
  readonly #limit: number;
  /** Of all buffers held, in bytes. */
  #held = 0;
  /** The buffer of the record before, which is most often that of the next; let go of, it is no record's. */
  #last: BufferHold | undefined;
  #chunk: BufferHold | undefined;
  /** How far the chunk is filled. It is never filled anew, as what was released may not be sent yet. */
  #filled = 0;
  readonly #spare: BufferHold[] = [];

  /** @param limitBytes what the records kept at one time come to at most; the caller sees to that */
  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Keeps the record `bytes[start, end)`, itself or a copy, and says in `kept` where it lies. */
  keep(bytes: Uint8Array, start: number, end: number, kept: KeptRecord): void {
    const size = end - start;
    const referenced = size > COPIED_BYTES ? this.#reference(bytes) : undefined;
    if (referenced !== undefined) {
      set(kept, referenced, bytes, start, size);
      return;
    }
    const chunk = size <= CHUNKED_BYTES ? this.#chunkFor(size) : undefined;
    if (chunk !== undefined) {
      copy(bytes, start, end, chunk.view, this.#filled);
      set(kept, chunk, chunk.view, this.#filled, size);
      this.#filled += size;
      return;
    }
    // Not `slice`, which would give a view where the bytes are a Node `Buffer`.
    const own = new Uint8Array(size);
    copy(bytes, start, end, own, 0);
    set(kept, undefined, own, 0, size);
  }

  /** Lets go of a record, whose bytes stay as they are for whoever has taken them over. */
  release(kept: KeptRecord): void {
    if (kept.hold !== undefined) this.#release(kept.hold);
    set(kept, undefined, NOTHING, 0, 0);
  }

  /** Lets go of the chunk that would have been filled further. */
  trim(): void {
    if (this.#chunk !== undefined) this.#release(this.#chunk);
    this.#chunk = undefined;
  }

  #reference(bytes: Uint8Array): BufferHold | undefined {
    const last = this.#last;
    if (last !== undefined && (last.view === bytes || last.view.buffer === bytes.buffer)) {
      last.view = bytes;
      last.users++;
      return last;
    }
    const size = bytes.buffer.byteLength;
    if (this.#held + size > this.#limit * REFERENCED_LIMITS) return undefined;
    this.#last = this.#hold(bytes, size);
    return this.#last;
  }

  /** A chunk with room for `size` bytes, one user more. */
  #chunkFor(size: number): BufferHold | undefined {
    if (this.#chunk === undefined || this.#filled + size > CHUNK_BYTES) {
      if (this.#held + CHUNK_BYTES > this.#limit * HELD_LIMITS) return undefined;
      this.trim();
      this.#chunk = this.#hold(new Uint8Array(CHUNK_BYTES), CHUNK_BYTES);
      this.#filled = 0;
    }
    this.#chunk.users++;
    return this.#chunk;
  }

  #hold(view: Uint8Array, size: number): BufferHold {
    const hold = this.#spare.pop() ?? new BufferHold();
    hold.view = view;
    hold.size = size;
    hold.users = 1;
    this.#held += size;
    return hold;
  }

  #release(hold: BufferHold): void {
    hold.users--;
    if (hold.users > 0) return;
    this.#held -= hold.size;
    hold.view = NOTHING;
    this.#spare.push(hold);
  }
}

/** A buffer that is kept alive. */
class BufferHold {
  /** The view of it that came last. */
  view: Uint8Array = NOTHING;
  /** Of the whole buffer, in bytes. */
  size = 0;
  /** Records in it, and the keeper while it is the chunk to be filled. */
  users = 0;
}

function set(
  kept: KeptRecord,
  hold: BufferHold | undefined,
  bytes: Uint8Array,
  start: number,
  size: number,
): void {
  kept.hold = hold;
  kept.bytes = bytes;
  kept.start = start;
  kept.end = start + size;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > LOOPED_BYTES) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] ?? 0;
}
