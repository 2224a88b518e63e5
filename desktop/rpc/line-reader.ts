const NEWLINE = 0x0a;

/** Cuts a stream into lines, none of which may be longer than a limit: so much is kept at most, whatever comes. */
export class LineReader {
  readonly #limit: number;
  readonly #line: (text: string) => void;
  readonly #tooLong: () => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Within a line that was too long: what is left of it goes. */
  #skipping = false;

  /**
   * @param limit bytes of a line, without its end
   * @param line told every line that is not empty
   * @param tooLong told, once, of every line that is longer, as soon as it is; the rest of it is passed over
   */
  constructor(limit: number, line: (text: string) => void, tooLong: () => void) {
    this.#limit = limit;
    this.#line = line;
    this.#tooLong = tooLong;
  }

  /** Takes what came; `chunk` may be kept until its line is whole. */
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
