/**
 * Raw Ethernet for third-party clients (docs/protocol.md, "Raw Ethernet"): one WebSocket message is one frame in each
 * direction, without a handshake or text messages. It is translated to a session of `laneway.v1`, so the same
 * credentials, limits, guards, revocation and counters apply.
 */

import { Close } from "../../../shared/protocol/close.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol/constants.ts";
import {
  type ClientMessage,
  parseControl,
  type RelayMessage,
  relayMessage,
} from "../../../shared/protocol/control.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import type { BlockPool } from "../../../shared/tunnel/block-pool.ts";
import type { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";
import type { Connection, ConnectionEvents, TunnelSocket } from "./socket.ts";

/** The hub, which accepts sessions. */
export interface EthernetHost {
  readonly pool: BlockPool;
  accept(connection: Connection): ConnectionEvents;
}

/**
 * Translates between a client that speaks raw Ethernet and a session of its own.
 *
 * @param connection from the runtime's adapter; its bearer is the access token
 * @returns the events of the client's connection
 */
export function acceptEthernet(connection: Connection, host: EthernetHost): ConnectionEvents {
  return new EthernetClient(connection, host);
}

/** Acts as a client that speaks `laneway.v1`: the session's socket, and the connection's events. */
class EthernetClient implements TunnelSocket, ConnectionEvents {
  readonly #socket: TunnelSocket;
  readonly #pool: BlockPool;
  readonly #session: ConnectionEvents | undefined;
  /** Messages of the session from before {@link #session} was set. */
  readonly #early: RelayMessage[] = [];
  /** VNI of the one network, once it is joined. */
  #vni: number | undefined;

  constructor(connection: Connection, host: EthernetHost) {
    this.#socket = connection.socket;
    this.#pool = host.pool;
    this.#session = host.accept({ ...connection, socket: this, subprotocol: true });
    for (const message of this.#early.splice(0)) this.#heard(message);
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /**
   * Without the feature `batch` a message is one record, and without `offload` the record is of type 1: the frame
   * follows its header.
   */
  send(block: Block, start: number, end: number, sent?: () => void): void {
    this.#socket.send(block, start + ENCAPSULATION_BYTES, end, sent);
  }

  /** Ignores announcements: they are about other members, which these clients do not ask for. */
  sendEncoded(block: Block): void {
    block.release();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  accountTo(budget: QueueBudget): void {
    this.#socket.accountTo(budget);
  }

  sendText(text: string): void {
    const parsed = parseControl(relayMessage, text);
    if (parsed.kind !== "message") return;
    if (this.#session === undefined) this.#early.push(parsed.message);
    else this.#heard(parsed.message);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ignores texts: none of them means anything to these clients. */
  text(): void {}

  binary(block: Block, size: number): void {
    const session = this.#session;
    const vni = this.#vni;
    // Frames before the join are lost, as at a port that has only just come up.
    if (session === undefined || vni === undefined) return block.release();
    const end = ENCAPSULATION_BYTES + size;
    const record = this.#pool.take(end);
    record.bytes.set(block.bytes.subarray(0, size), ENCAPSULATION_BYTES);
    encapsulate(record.bytes, 0, end, vni);
    block.release();
    session.binary(record, end);
  }

  closed(): void {
    this.#session?.closed();
  }

  #heard(message: RelayMessage): void {
    switch (message.type) {
      case "challenge":
        return this.#say({
          type: "hello",
          version: PROTOCOL_VERSION,
          client: { name: "ethernet" },
          features: [],
          auth: undefined,
        });
      case "welcome": {
        const [network, another] = message.networks;
        if (network === undefined || another !== undefined) {
          return this.#end(Close.refused, "raw Ethernet is for a token that opens one network");
        }
        this.#vni = network.vni;
        return this.#say({ type: "join", vni: network.vni });
      }
      case "error":
        return this.#end(Close.refused, message.message);
      default:
    }
  }

  #say(message: ClientMessage): void {
    this.#session?.text(JSON.stringify(message));
  }

  #end(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#session?.closed();
  }
}
