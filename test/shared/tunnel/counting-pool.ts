import type { Block } from "../../../shared/tunnel/block.ts";
import { BlockPool } from "../../../shared/tunnel/block-pool.ts";

/** A hostile pool that counts its blocks in use. */
export class CountingPool extends BlockPool {
  readonly #out = new Set<Block>();
  #outBytes = 0;
  /** Blocks taken so far. */
  taken = 0;

  constructor() {
    super({ hostile: true });
  }

  /** Blocks taken and not returned. */
  get out(): number {
    return this.#out.size;
  }

  /** Bytes of memory of these blocks. */
  get outBytes(): number {
    return this.#outBytes;
  }

  override take(size: number): Block {
    const block = super.take(size);
    if (this.#out.has(block)) throw new Error("a block was handed out twice");
    this.#out.add(block);
    this.#outBytes += block.weight;
    this.taken++;
    return block;
  }

  override takeBack(block: Block): void {
    if (!this.#out.delete(block)) throw new Error("a block came back that was not out");
    this.#outBytes -= block.weight;
    super.takeBack(block);
  }
}
