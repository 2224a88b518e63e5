import type {
  Membership,
  Received,
  Remote,
  Sent,
  Underlay,
  UnderlaySocket,
} from "../../../../relay/underlay/underlay.ts";

/** A sent packet and its destination. */
export interface SentPacket {
  readonly to: string;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** A socket that keeps sent packets, and receives packets from a test. */
export class FakeSocket implements UnderlaySocket {
  readonly overhead = 28;
  queued = 0;
  mtu = 1500;
  /** The result of sending. */
  outcome: Error | null = null;
  readonly sent: SentPacket[] = [];
  readonly joined: string[] = [];
  closed = false;
  readonly #received: Received;

  constructor(received: Received) {
    this.#received = received;
  }

  remote(address: string, port: number): Remote {
    return { address, port };
  }

  send(to: Remote, header: Uint8Array, payload: Uint8Array, _flow: number, sent: Sent): void {
    this.sent.push({ to: to.address, port: to.port, bytes: Uint8Array.of(...header, ...payload) });
    sent(this.outcome);
  }

  join(group: string, port: number, link: string | undefined): Promise<Membership> {
    const name = `${group} ${link ?? ""}`.trim();
    this.joined.push(name);
    const leave = async () => void this.joined.splice(this.joined.indexOf(name), 1);
    return Promise.resolve({ remote: { address: group, port }, leave });
  }

  mtuTo(_remote: Remote): Promise<number> {
    return Promise.resolve(this.mtu);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Delivers a packet. */
  receive(packet: Uint8Array, source: string): void {
    this.#received(packet, 0, packet.length, source);
  }
}

/** A network of such sockets, by the address they were opened at. */
export class FakeUnderlay implements Underlay {
  readonly sockets = new Map<string, FakeSocket>();

  async openUdp(
    { host, port }: { host: string; port: number },
    _: object,
    received: Received,
  ): Promise<FakeSocket> {
    return this.#open(`${host} ${port}`, received);
  }

  async openGre(host: string, received: Received): Promise<FakeSocket> {
    return this.#open(host, received);
  }

  #open(where: string, received: Received): FakeSocket {
    const socket = new FakeSocket(received);
    this.sockets.set(where, socket);
    return socket;
  }
}
