import type { IpAddress } from "../../../shared/frame/address.ts";
import type { Budget } from "../../../shared/switch/budget.ts";
import { ROUTER_LIMITS } from "./limits.ts";

/** An address being resolved, with its waiting packets and their sizes in bytes. */
interface Question<Packet> {
  readonly packets: Packet[];
  bytes: number;
  asked: number;
  nextAt: number;
}

export interface ResolverOptions<Packet> {
  /** Budget for the waiting packets, in bytes. */
  readonly budget?: Budget | undefined;
  /** Queries the segment for an address. */
  readonly ask: (address: IpAddress) => void;
  /** Receives packets whose address does not answer. */
  readonly failed: (packet: Packet) => void;
}

/** Holds packets until their next hop's address is resolved (RFC 1122 section 2.3.2.2), or is known not to answer. */
export class Resolver<Packet> {
  readonly #options: ResolverOptions<Packet>;
  readonly #questions = new Map<IpAddress, Question<Packet>>();

  constructor(options: ResolverOptions<Packet>) {
    this.#options = options;
  }

  /**
   * Holds a packet.
   *
   * @returns whether there was room
   */
  wait(address: IpAddress, packet: Packet, bytes: number, now: number): boolean {
    let question = this.#questions.get(address);
    if (question === undefined) {
      if (this.#questions.size >= ROUTER_LIMITS.asked) return false;
      question = { packets: [], bytes: 0, asked: 1, nextAt: now + 1 };
      this.#questions.set(address, question);
      this.#options.ask(address);
    }
    const { waitingPackets, waitingBytes } = ROUTER_LIMITS;
    if (question.packets.length >= waitingPackets) return false;
    if (question.packets.length > 0 && question.bytes + bytes > waitingBytes) return false;
    if (this.#options.budget?.take(bytes) === false) return false;
    question.packets.push(packet);
    question.bytes += bytes;
    return true;
  }

  /** Removes and returns the packets that wait for an address. */
  take(address: IpAddress): readonly Packet[] {
    const question = this.#questions.get(address);
    if (question === undefined) return [];
    this.#questions.delete(address);
    this.#options.budget?.give(question.bytes);
    return question.packets;
  }

  /** Queries again, or gives up. Call it about once a second. */
  tick(now: number): void {
    for (const [address, question] of [...this.#questions]) {
      if (now < question.nextAt) continue;
      if (question.asked < ROUTER_LIMITS.questions) {
        question.asked++;
        question.nextAt = now + 1;
        this.#options.ask(address);
      } else {
        for (const packet of this.take(address)) this.#options.failed(packet);
      }
    }
  }
}
