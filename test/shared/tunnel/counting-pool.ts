import { BlockPool } from "../../../shared/tunnel/block-pool.ts";

/** A pool that knows who owes it what, and writes over what it gets back. */
export class CountingPool extends BlockPool {
  readonly #out = new Set<Uint8Array>();
  #outBytes = 0;
  /** Blocks taken so far. */
  taken = 0;

  /** Blocks taken and not given back. */
  get out(): number {
    return this.#out.size;
  }

  get outBytes(): number {
    return this.#outBytes;
  }

  override take(size: number): Uint8Array {
    const block = super.take(size);
    if (this.#out.has(block)) throw new Error("a block was handed out twice");
    this.#out.add(block);
    this.#outBytes += block.length;
    this.taken++;
    return block;
  }

  override give(block: Uint8Array): void {
    if (!this.#out.delete(block)) throw new Error("a block was given back that was not out");
    this.#outBytes -= block.length;
    block.fill(0xdb);
    super.give(block);
  }
}
