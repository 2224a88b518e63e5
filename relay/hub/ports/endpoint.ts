import type { Containment } from "../../../shared/switch/containment.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";
import type { Membership, Received, UnderlaySocket } from "../../underlay/underlay.ts";

/** Opens the socket that hands what it receives to an endpoint, and tells of errors of its own. */
export type OpenSocket = (received: Received, caught: (error: unknown) => void) => Promise<UnderlaySocket>;

/**
 * One socket of the underlay, with the ports that share it: which of them a packet is for, its tunnel's header says.
 */
export abstract class Endpoint<EndpointPort = never> {
  /** Packets for none of the ports. */
  readonly drops = new DropCounter();
  #socket: UnderlaySocket | undefined;
  readonly #groups = new Map<string, { readonly membership: Promise<Membership>; users: number }>();

  get socket(): UnderlaySocket {
    if (this.#socket === undefined) throw new Error("the endpoint is not open");
    return this.#socket;
  }

  /** @param containment of what is thrown before a port has the packet */
  async open(open: OpenSocket, containment: Containment): Promise<void> {
    this.#socket = await open((bytes, start, end, source) => {
      try {
        this.received(bytes, start, end, source);
      } catch (error) {
        containment.caught(error);
      }
    }, containment.caught);
  }

  /** @throws Fault `port.taken` where another port takes what this one would */
  abstract attach(port: EndpointPort): void;
  abstract detach(port: EndpointPort): void;
  /** Whether nobody uses it. */
  abstract get empty(): boolean;
  /** Hands a packet to the port that it is for; each port contains what is thrown behind it. */
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
