import type { Received, Remote, Sent, Underlay } from "../../../../relay/underlay/underlay.ts";
import { FakeSocket } from "../ports/fake-underlay.ts";

/** An underlay that reads what it was given as late as it may: when the test says so. */
export class LateUnderlay implements Underlay {
  /** Called with what a packet carries, as it is when the network takes it. */
  arrived: (payload: Buffer) => void = () => {};
  received: Received = () => {};
  readonly #waiting: { readonly payload: Uint8Array; readonly sent: Sent }[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Has the network take the oldest packet. */
  take(): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.arrived(Buffer.from(first.payload));
    first.sent(null);
  }

  async openUdp(_at: object, _options: object, received: Received): Promise<FakeSocket> {
    return this.#open(received);
  }

  async openGre(_host: string, received: Received): Promise<FakeSocket> {
    return this.#open(received);
  }

  #open(received: Received): FakeSocket {
    this.received = received;
    return new LateSocket(received, (payload, sent) => this.#waiting.push({ payload, sent }));
  }
}

class LateSocket extends FakeSocket {
  override mtu = 9_000;
  readonly #wait: (payload: Uint8Array, sent: Sent) => void;

  constructor(received: Received, wait: (payload: Uint8Array, sent: Sent) => void) {
    super(received);
    this.#wait = wait;
  }

  override send(_to: Remote, _header: Uint8Array, payload: Uint8Array, _flow: number, sent: Sent): void {
    this.#wait(payload, sent);
  }
}
