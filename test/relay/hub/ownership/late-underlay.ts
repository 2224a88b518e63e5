import type {
  Membership,
  Received,
  Remote,
  Sent,
  Underlay,
  UnderlaySocket,
} from "../../../../relay/underlay/underlay.ts";

/** An underlay that reads what it was given as late as it may: when the test says so. */
export class LateUnderlay implements Underlay, UnderlaySocket {
  readonly overhead = 28;
  readonly queued = 0;
  /** Called with what a packet carries, as it is when the network takes it. */
  arrived: (payload: Buffer) => void = () => {};
  received: Received = () => {};
  readonly #waiting: { readonly payload: Uint8Array; readonly sent: Sent }[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  send(_to: Remote, _header: Uint8Array, payload: Uint8Array, _flow: number, sent: Sent): void {
    this.#waiting.push({ payload, sent });
  }

  /** Has the network take the oldest packet. */
  take(): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.arrived(Buffer.from(first.payload));
    first.sent(null);
  }

  async openUdp(_at: object, _options: object, received: Received): Promise<UnderlaySocket> {
    this.received = received;
    return this;
  }

  async openGre(_host: string, received: Received): Promise<UnderlaySocket> {
    this.received = received;
    return this;
  }

  remote(address: string, port: number): Remote {
    return { address, port };
  }

  async join(group: string, port: number): Promise<Membership> {
    return { remote: { address: group, port }, leave: async () => {} };
  }

  async mtuTo(): Promise<number> {
    return 9_000;
  }

  async close(): Promise<void> {}
}
