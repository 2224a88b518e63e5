import type { IpAddress } from "../../../shared/frame/address.ts";
import type { Budget } from "../../../shared/switch/budget.ts";
import { ROUTER_LIMITS } from "./limits.ts";

/** What waits for an address: packets, each of so many bytes. */
interface Question<Packet> {
  readonly packets: Packet[];
  bytes: number;
  asked: number;
  nextAt: number;
}

export interface ResolverOptions<Packet> {
  /** Of the packets that wait, in bytes. */
  readonly budget?: Budget | undefined;
  /** Asks the segment who has an address. */
  readonly ask: (address: IpAddress) => void;
  /** Told of packets whose address nobody has. */
  readonly failed: (packet: Packet) => void;
}

/** Keeps packets until it is known who has the address that they go to (RFC 1122 section 2.3.2.2), or that nobody has. */
export class Resolver<Packet> {
  readonly #options: ResolverOptions<Packet>;
  readonly #questions = new Map<IpAddress, Question<Packet>>();

  constructor(options: ResolverOptions<Packet>) {
    this.#options = options;
  }

  /** @returns whether there was room to wait */
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

  /** Gives back what waited for an address. */
  take(address: IpAddress): readonly Packet[] {
    const question = this.#questions.get(address);
    if (question === undefined) return [];
    this.#questions.delete(address);
    this.#options.budget?.give(question.bytes);
    return question.packets;
  }

  /** Asks again, or gives up; to be called about once a second. */
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
