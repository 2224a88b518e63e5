import type { Containment } from "../../../shared/switch/containment.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";
import type { Membership, Received, UnderlaySocket } from "../../underlay/underlay.ts";

/** Opens the socket that passes received packets to an endpoint, and reports its own errors. */
export type OpenSocket = (received: Received, caught: (error: unknown) => void) => Promise<UnderlaySocket>;

/** One socket of the underlay, with the ports that share it. The tunnel's header selects a packet's port. */
export abstract class TunnelEndpoint<EndpointPort = never> {
  /** Packets that match none of the ports. */
  readonly drops = new DropCounter();
  #socket: UnderlaySocket | undefined;
  readonly #groups = new Map<string, { readonly membership: Promise<Membership>; users: number }>();

  get socket(): UnderlaySocket {
    if (this.#socket === undefined) throw new Error("the endpoint is not open");
    return this.#socket;
  }

  /**
   * Opens the socket.
   *
   * @param containment for errors thrown before a port has the packet
   */
  async open(open: OpenSocket, containment: Containment): Promise<void> {
    this.#socket = await open((bytes, start, end, source) => {
      try {
        this.received(bytes, start, end, source);
      } catch (error) {
        containment.caught(error);
      }
    }, containment.caught);
  }

  /** Adds a port. @throws Fault `port.taken` if another port receives the same packets */
  abstract attach(port: EndpointPort): void;
  abstract detach(port: EndpointPort): void;
  /** Passes a packet to its port; each port contains errors thrown behind it. */
  abstract received(bytes: Uint8Array, start: number, end: number, source: string): void;

  /** Joins a group for one of the ports; several may be in one. @throws Fault, see {@link UnderlaySocket.join} */
  async join(group: string, port: number, link: string | undefined): Promise<Membership> {
    const key = `${group} ${link ?? ""}`;
    let shared = this.#groups.get(key);
    if (shared === undefined) {
      shared = { membership: this.socket.join(group, port, link), users: 0 };
      this.#groups.set(key, shared);
    }
    const mine = shared;
    mine.users++;
    const leave = async () => {
      mine.users--;
      if (mine.users > 0) return;
      if (this.#groups.get(key) === mine) this.#groups.delete(key);
      await mine.membership.then(
        (membership) => membership.leave(),
        () => {},
      );
    };
    try {
      const { remote } = await mine.membership;
      return { remote, leave };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }
}
