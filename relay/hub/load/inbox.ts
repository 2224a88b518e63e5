import type { Block } from "../../../shared/tunnel/block.ts";
import type { TunnelSocket } from "../session/socket.ts";
import type { Turn, Waiting } from "./turns.ts";

/** The reader of a session's messages. */
export interface InboxReader {
  /** Whether text may be read now, or must wait for a rate. */
  readonly mayReadText: boolean;
  readText(text: string): void;
  /**
   * Reads the binary message `block.bytes[0, size)`, which is lent, from `from` on.
   *
   * @returns where it stopped: `size`, unless the tenant's turn is over
   */
  readBinary(block: Block, size: number, from: number): number;
  /** Called with an error thrown while reading. */
  failed(error: unknown): void;
}

interface BinaryMessage {
  readonly block: Block;
  readonly size: number;
  from: number;
}

/**
 * Incoming messages of one session, read in order and in its tenant's turn. While the tenant has time left, each
 * message is read on arrival. Other messages are kept, and the socket is paused meanwhile, so the sender has to wait
 * too.
 */
export class Inbox implements Waiting {
  readonly #socket: TunnelSocket;
  readonly #reader: InboxReader;
  #turn: Turn;
  /** Undefined while empty, because thousands of sessions may be idle. */
  #messages: (string | BinaryMessage)[] | undefined;
  #closed = false;

  constructor(turn: Turn, socket: TunnelSocket, reader: InboxReader) {
    this.#turn = turn;
    this.#socket = socket;
    this.#reader = reader;
    turn.enter(this);
  }

  /** Moves to another turn, with the messages that wait. */
  move(turn: Turn): void {
    const waiting = (this.#messages ?? []).reduce((sum, message) => sum + weight(message), 0);
    this.#turn.addWaiting(-waiting);
    this.#turn.leave(this);
    this.#turn = turn;
    turn.addWaiting(waiting);
    turn.enter(this);
  }

  text(text: string): void {
    if (this.#closed) return;
    if (this.#messages === undefined && this.#turn.begin() && this.#reader.mayReadText) this.#readText(text);
    else this.#keep(text);
  }

  /** Receives a binary message, and takes over a reference to the block. */
  binary(block: Block, size: number): void {
    if (this.#closed) return block.release();
    const message = { block, size, from: 0 };
    if (this.#messages === undefined && this.#turn.begin() && this.#readBinary(message)) return;
    this.#keep(message);
  }

  go(): "done" | "more" | "later" {
    for (let next = this.#messages?.[0]; next !== undefined; next = this.#messages?.[0]) {
      if (this.#turn.work.isOver) return "more";
      if (typeof next === "string" && !this.#reader.mayReadText) return "later";
      // Removed first, because reading may close the session, which discards the list.
      this.#messages?.shift();
      this.#turn.addWaiting(-weight(next));
      if (typeof next === "string") {
        this.#readText(next);
      } else if (!this.#readBinary(next)) {
        this.#turn.addWaiting(weight(next));
        this.#messages?.unshift(next);
        return "more";
      }
    }
    if (!this.#closed) {
      this.#messages = undefined;
      if (!this.#turn.isFull) this.#socket.resume();
    }
    return "done";
  }

  /** Discards the waiting messages. */
  close(): void {
    this.#closed = true;
    const messages = this.#messages ?? [];
    this.#messages = undefined;
    for (const message of messages) {
      this.#turn.addWaiting(-weight(message));
      if (typeof message !== "string") message.block.release();
    }
    this.#turn.leave(this);
  }

  /** Called by its turn when too much waits, or no longer does. */
  pause(isFull: boolean): void {
    if (isFull) this.#socket.pause();
    else if (this.#messages === undefined) this.#socket.resume();
  }

  #keep(message: string | BinaryMessage): void {
    this.#turn.addWaiting(weight(message));
    if (this.#messages !== undefined) {
      this.#messages.push(message);
      return;
    }
    this.#messages = [message];
    this.#socket.pause();
    this.#turn.add(this);
  }

  #readText(text: string): void {
    try {
      this.#reader.readText(text);
    } catch (error) {
      this.#reader.failed(error);
    }
    this.#turn.settle();
  }

  /**
   * Reads a binary message.
   *
   * @returns whether it is finished and its reference released
   */
  #readBinary(message: BinaryMessage): boolean {
    const { block, size } = message;
    try {
      message.from = this.#reader.readBinary(block, size, message.from);
      if (message.from < size && !this.#closed) return false;
    } catch (error) {
      this.#reader.failed(error);
    }
    this.#turn.settle();
    block.release();
    return true;
  }
}

/** Returns the bytes of memory that a message takes. */
function weight(message: string | BinaryMessage): number {
  return typeof message === "string" ? 2 * message.length : message.block.weight;
}
