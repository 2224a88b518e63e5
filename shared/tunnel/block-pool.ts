/**
 * Blocks for what comes in and goes out by the hundred kilobytes, used again and again: a runtime fills each new one
 * with zeros, and the garbage collector hears of it, which together cost a tunnel a fifth of its time.
 */
import { Block, type BlockHome } from "./block.ts";
import { demandPoison, LeakWatch, poison } from "./hostile-memory.ts";

/** Sizes kept, in bytes: from a small record over a super-frame to a whole message, each with its headers. */
const SIZES = [256, 512, 1_024, 2_048, 4_096, 16_384, 36_864, 69_632, 135_168, 270_336];

/**
 * Bytes of memory that free blocks take, at most: what a few busy connections have in hand at a time, and a good part of
 * what slow receivers are kept. With less, blocks that queues drop and take in the same breath are garbage, half as much again as is in use.
 */
const FREE_BYTES = 16 * 1024 * 1024;

export interface BlockPoolOptions {
  /** Whether it finds out who breaks the rules of ownership (./hostile-memory.ts), at a price: for tests. */
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

  /** @returns a block of at least `size` bytes, which hold whatever they held; its one reference is the caller's */
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
