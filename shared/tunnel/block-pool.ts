/**
 * Reuses blocks for incoming and outgoing messages of hundreds of kilobytes. A runtime fills each new block with zeros
 * and reports it to the garbage collector, which together cost a tunnel a fifth of its time.
 */
import { Block, type BlockHome } from "./block.ts";
import { demandPoison, LeakWatch, poison } from "./hostile-memory.ts";

/** Block sizes in bytes: from a small record over a super-frame to a whole message, each with its headers. */
const SIZES = [256, 512, 1_024, 2_048, 4_096, 16_384, 36_864, 69_632, 135_168, 270_336];

/**
 * Maximum bytes of memory in free blocks: what a few busy connections use at a time, and a good part of what slow
 * receivers are kept. With less, queues that drop and take in turn make garbage, half as much again as is in use.
 */
const FREE_BYTES = 8 * 1024 * 1024;

export interface BlockPoolOptions {
  /** Whether the pool detects violations of ownership (./hostile-memory.ts), at a price: for tests. */
  readonly hostile?: boolean;
}

export class BlockPool implements BlockHome {
  readonly #free: Block[][] = SIZES.map(() => []);
  #freeBytes = 0;
  readonly #watch: LeakWatch | undefined;

  constructor({ hostile = false }: BlockPoolOptions = {}) {
    if (!hostile) return;
    this.#watch = new LeakWatch((taken) => {
      throw new Error(`a block was never released: ${taken}`);
    });
  }

  /**
   * Takes a block.
   *
   * @returns a block of at least `size` bytes with arbitrary content; the caller owns its one reference
   */
  take(size: number): Block {
    let at = 0;
    while (at < SIZES.length && (SIZES[at] as number) < size) at++;
    let block = this.#free[at]?.pop();
    if (block === undefined) {
      block = new Block(new Uint8Array(SIZES[at] ?? size), this);
    } else {
      this.#freeBytes -= block.weight;
      if (this.#watch !== undefined) demandPoison(block);
      block.reuse();
    }
    this.#watch?.taken(block);
    return block;
  }

  takeBack(block: Block): void {
    if (this.#watch !== undefined) {
      this.#watch.givenBack(block);
      poison(block);
    }
    const at = SIZES.indexOf(block.bytes.length);
    if (at < 0 || this.#freeBytes + block.weight > FREE_BYTES) return;
    this.#freeBytes += block.weight;
    this.#free[at]?.push(block);
  }
}
