import { setImmediate as round } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { Inbox, type InboxReader } from "../../../../relay/hub/load/inbox.ts";
import { QUANTUM, type Turn, Turns } from "../../../../relay/hub/load/turns.ts";
import type { Block } from "../../../../shared/tunnel/block.ts";
import { watched } from "../../../shared/tunnel/blocks.ts";
import { LateSocket } from "../ownership/late-socket.ts";

/** Reads one byte of a message per part of a turn, and reports what it read. */
class Reader implements InboxReader {
  mayReadText = true;
  readonly read: string[] = [];
  readonly failures: unknown[] = [];
  /** Called after each read. */
  onRead: (what: string) => void = () => {};
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  readText(text: string): void {
    this.read.push(text);
    this.onRead(text);
  }

  readBinary(block: Block, size: number, from: number): number {
    let at = from;
    while (at < size && !this.#turn.work.isOver) {
      this.#turn.work.done += QUANTUM / 2;
      const what = String(block.bytes[at++]);
      this.read.push(what);
      this.onRead(what);
    }
    return at;
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }
}

describe("an inbox", () => {
  let turn: Turn;
  let socket: LateSocket;
  let reader: Reader;
  let inbox: Inbox;
  let free: number;

  beforeEach(() => {
    turn = new Turns().of("acme");
    socket = new LateSocket();
    reader = new Reader(turn);
    inbox = new Inbox(turn, socket, reader);
    free = 0;
  });

  function binary(...bytes: number[]): void {
    inbox.binary(
      watched(Uint8Array.from(bytes), () => free++),
      bytes.length,
    );
  }

  async function until(done: () => boolean): Promise<void> {
    for (let i = 0; i < 1_000 && !done(); i++) await round();
  }

  it("reads messages on arrival while its tenant has time", () => {
    inbox.text("join");
    binary(1);
    expect(reader.read).toEqual(["join", "1"]);
    expect([socket.isPaused, free]).toEqual([false, 1]);
  });

  it("keeps the rest in order, pauses the socket, and continues in the middle of a message", async () => {
    binary(1, 2, 3, 4, 5);
    inbox.text("ping");
    binary(6);
    expect(reader.read).toEqual(["1", "2"]);
    expect([socket.isPaused, free]).toEqual([true, 0]);
    await until(() => reader.read.length === 7);
    expect(reader.read).toEqual(["1", "2", "3", "4", "5", "ping", "6"]);
    await until(() => !socket.isPaused);
    expect([socket.isPaused, free]).toEqual([false, 2]);
  });

  it("reads on arrival again after a message that took the whole turn, once the next round has paid for it", async () => {
    binary(1, 2);
    expect(turn.work.isOver).toBe(true);
    await until(() => turn.work.done === 0);
    binary(3);
    expect(reader.read).toEqual(["1", "2", "3"]);
    expect([socket.isPaused, free]).toEqual([false, 2]);
  });

  it("makes text wait for its rate, and everything behind it, and then continues", async () => {
    reader.mayReadText = false;
    inbox.text("join");
    binary(1);
    for (let i = 0; i < 5; i++) await round();
    expect(reader.read).toEqual([]);
    expect(socket.isPaused).toBe(true);
    reader.mayReadText = true;
    while (reader.read.length < 2) await round();
    expect(reader.read).toEqual(["join", "1"]);
  });

  it("releases all waiting messages when it is closed, also during a read, and reads nothing more", async () => {
    reader.onRead = (what) => {
      if (what === "3") inbox.close();
    };
    binary(1, 2, 3, 4, 5);
    binary(6);
    await until(() => free === 2);
    expect(free).toBe(2);
    binary(7);
    inbox.text("late");
    for (let i = 0; i < 5; i++) await round();
    expect(reader.read).not.toContain("6");
    expect(reader.read).not.toContain("late");
    expect(free).toBe(3);
  });

  it("reports an error of reading, releases the message, and continues", () => {
    const error = new Error("broken");
    reader.onRead = (what) => {
      if (what === "1" || what === "hello") throw error;
    };
    binary(1);
    inbox.text("hello");
    inbox.text("ping");
    expect(reader.failures).toEqual([error, error]);
    expect(free).toBe(1);
    expect(reader.read).toContain("ping");
  });

  it("continues in another tenant's turn with the messages that waited when it moved", async () => {
    binary(1, 2, 3);
    inbox.text("ping");
    const other = new Turns().of("other");
    inbox.move(other);
    await until(() => reader.read.length === 4);
    expect(reader.read).toEqual(["1", "2", "3", "ping"]);
    expect(free).toBe(1);
  });
});
