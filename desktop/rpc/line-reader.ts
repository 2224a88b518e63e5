const NEWLINE = 0x0a;

/** Splits a stream into lines of limited length, so that memory is bounded for any input. */
export class LineReader {
  readonly #limit: number;
  readonly #line: (text: string) => void;
  readonly #tooLong: () => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Whether the rest of an overlong line is being skipped. */
  #skipping = false;

  /**
   * @param limit bytes of a line, without its end
   * @param line called with every line that is not empty
   * @param tooLong called once for every longer line, as soon as it is too long; the rest is skipped
   */
  constructor(limit: number, line: (text: string) => void, tooLong: () => void) {
    this.#limit = limit;
    this.#line = line;
    this.#tooLong = tooLong;
  }

  /** Takes input; keeps `chunk` until its line is complete. */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      this.#add(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#end();
      start = end + 1;
    }
  }

  #add(part: Uint8Array): void {
    if (this.#skipping || part.length === 0) return;
    this.#length += part.length;
    if (this.#length <= this.#limit) {
      this.#chunks.push(part);
      return;
    }
    this.#skipping = true;
    this.#chunks = [];
    this.#tooLong();
  }

  #end(): void {
    const text = this.#skipping ? "" : Buffer.concat(this.#chunks).toString();
    this.#chunks = [];
    this.#length = 0;
    this.#skipping = false;
    if (text.trim() !== "") this.#line(text);
  }
}
