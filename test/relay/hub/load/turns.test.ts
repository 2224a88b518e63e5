import { setImmediate as round } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WAITING_BYTES } from "../../../../relay/hub/load/limits.ts";
import { QUANTUM, type Turn, Turns, type Waiting } from "../../../../relay/hub/load/turns.ts";

/** Work in pieces of the same price, which reports when each is done. */
class Pieces implements Waiting {
  left: number;
  readonly #name: string;
  readonly #turn: Turn;
  readonly #price: number;
  readonly #log: string[];
  paused = false;

  constructor(name: string, turn: Turn, count: number, price: number, log: string[]) {
    this.#name = name;
    this.#turn = turn;
    this.left = count;
    this.#price = price;
    this.#log = log;
    turn.enter(this);
  }

  go(): "done" | "more" | "later" {
    while (this.left > 0) {
      if (this.#turn.work.isOver) return "more";
      this.left--;
      this.#turn.work.done += this.#price;
      this.#log.push(this.#name);
    }
    return "done";
  }

  pause(isFull: boolean): void {
    this.paused = isFull;
  }
}

/** Lets so many rounds pass. */
async function rounds(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await round();
}

describe("turns", () => {
  it("let a tenant work at once until a quantum is used up, and again in the next round", async () => {
    const turn = new Turns().of("acme");
    expect(turn.begin()).toBe(true);
    turn.work.done += QUANTUM - 1;
    expect(turn.begin()).toBe(true);
    turn.work.done += 1;
    expect(turn.begin()).toBe(false);
    await rounds(2);
    expect(turn.begin()).toBe(true);
  });

  it("give all waiting tenants the same work, whatever one piece costs", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const [cheap, dear] = [turns.of("cheap"), turns.of("dear")];
    cheap.add(new Pieces("cheap", cheap, 6_000, QUANTUM / 100, log));
    // Each piece is ten turns' worth: a message for many receivers.
    dear.add(new Pieces("dear", dear, 50, QUANTUM * 10, log));
    while (log.filter((name) => name === "dear").length < 5) await rounds(1);
    const work = (name: string, price: number) => log.filter((one) => one === name).length * price;
    const [one, other] = [work("cheap", QUANTUM / 100), work("dear", QUANTUM * 10)];
    expect(one).toBeGreaterThan(other * 0.7);
    expect(one).toBeLessThan(other * 1.3);
  });

  it("do the work of a tenant that did little at once, despite others' debts", async () => {
    const turns = new Turns();
    const busy = turns.of("busy");
    busy.add(new Pieces("busy", busy, 1_000, QUANTUM * 3, []));
    await rounds(3);
    expect(turns.of("quiet").begin()).toBe(true);
    expect(busy.begin()).toBe(false);
  });

  it("serve a lone tenant at once, despite its debt", async () => {
    const turns = new Turns();
    const turn = turns.of("acme");
    turn.work.done = 1_000 * QUANTUM;
    const log: string[] = [];
    turn.begin();
    turn.add(new Pieces("acme", turn, 1, 1, log));
    await rounds(3);
    expect(log).toEqual(["acme"]);
  });

  it("serve a tenant's sessions one after another", async () => {
    const turns = new Turns();
    const turn = turns.of("acme");
    const log: string[] = [];
    for (const name of ["a", "b", "c"]) turn.add(new Pieces(name, turn, 2, QUANTUM, log));
    while (log.length < 6) await rounds(1);
    expect(log).toEqual(["a", "b", "c", "a", "b", "c"]);
  });

  it("stop reading a tenant's sessions while too much waits, and resume all when it is done", () => {
    const turn = new Turns().of("acme");
    const one = new Pieces("a", turn, 0, 0, []);
    turn.addWaiting(WAITING_BYTES + 1);
    const other = new Pieces("b", turn, 0, 0, []);
    expect([one.paused, other.paused]).toEqual([true, true]);
    turn.addWaiting(-WAITING_BYTES / 2);
    expect(one.paused).toBe(true);
    turn.addWaiting(-WAITING_BYTES / 2);
    expect([one.paused, other.paused]).toEqual([false, false]);
  });
});
