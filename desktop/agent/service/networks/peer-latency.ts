import { randomBytes, randomInt } from "node:crypto";
import { parseIpv4 } from "../../../../shared/frame/address.ts";
import { containsAddress, parseCidr } from "../../../../shared/frame/cidr.ts";
import {
  decodeEthernet,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  encodeEthernet,
} from "../../../../shared/frame/ethernet.ts";
import { decodeIcmpEcho, ECHO_HEADER_BYTES, encodeIcmpEcho } from "../../../../shared/frame/ip/icmp.ts";
import {
  decodeIpv4,
  encodeIpv4,
  IPV4_HEADER_BYTES,
  PROTOCOL_ICMP,
} from "../../../../shared/frame/ip/ipv4.ts";
import { parseMac } from "../../../../shared/frame/mac.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import type { SegmentObserver } from "../../../../shared/switch/observer.ts";
import type { Peer } from "../../../rpc/shapes.ts";
import type { LocalNetwork } from "../../network/local-network.ts";
import type { PeerTable } from "./peer-table.ts";

/** Maximum members pinged in one round. */
const ASKED = 64;
const NONCE_BYTES = 16;
/** Longer frames, in bytes, can't be an answer to our pings, and are not parsed. */
const LONGEST = 128;

interface Question {
  readonly vtep: string;
  readonly sequence: number;
  readonly sentAt: number;
}

/**
 * Pings the members of a network (ICMP echo) in this machine's name, and measures the latency. Skips members without an
 * IPv4 address known to the relay.
 */
export class PeerLatency implements SegmentObserver {
  readonly #network: LocalNetwork;
  readonly #peers: PeerTable;
  readonly #identifier = randomInt(0x1_0000);
  readonly #nonce = randomBytes(NONCE_BYTES);
  readonly #open = new Map<number, Question>();
  #sequence = 0;
  #settled: (() => void) | undefined;

  constructor(network: LocalNetwork, peers: PeerTable) {
    this.#network = network;
    this.#peers = peers;
  }

  /**
   * Pings each member once; resolves when all have answered, or after the timeout in milliseconds. Do not call it again
   * meanwhile.
   */
  async measure(patienceMs: number): Promise<void> {
    const own = this.#network.addresses().ipv4;
    const asked = this.#peers.peers.filter((peer) => peer.online).slice(0, ASKED);
    const questions = asked.flatMap((peer) => this.#question(peer, own) ?? []);
    if (questions.length === 0) return;
    const stop = this.#network.observe(this);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    const timer = setTimeout(resolve, patienceMs);
    for (const { frame, vtep, sequence } of questions) {
      this.#open.set(sequence, { vtep, sequence, sentAt: performance.now() });
      this.#network.inject(frame);
    }
    await promise;
    clearTimeout(timer);
    stop();
    for (const { vtep } of this.#open.values()) this.#peers.measured(vtep, null);
    this.#open.clear();
  }

  received(_port: unknown, bytes: Uint8Array, frame: number, end: number): void {
    if (end - frame > LONGEST) return;
    const ethernet = decodeEthernet(bytes, frame, end);
    if (ethernet instanceof Malformed || ethernet.etherType !== ETHERTYPE_IPV4) return;
    const ip = decodeIpv4(bytes, ethernet.payload, ethernet.end);
    if (ip instanceof Malformed || ip.protocol !== PROTOCOL_ICMP) return;
    const echo = decodeIcmpEcho(bytes, ip.payload, ip.end);
    if (echo instanceof Malformed || echo.kind !== "reply" || echo.identifier !== this.#identifier) return;
    if (Buffer.compare(echo.data, this.#nonce) !== 0) return;
    const question = this.#open.get(echo.sequence);
    if (question === undefined) return;
    this.#open.delete(echo.sequence);
    this.#peers.measured(question.vtep, Math.round((performance.now() - question.sentAt) * 10) / 10);
    if (this.#open.size === 0) this.#settled?.();
  }

  sent(): void {}

  dropped(): void {}

  #question(
    peer: Peer,
    own: readonly string[],
  ): { frame: Uint8Array; vtep: string; sequence: number } | undefined {
    const destination = parseMac(peer.macs[0] ?? "");
    const addresses = peer.addresses.flatMap((text) => parseIpv4(text) ?? []);
    for (const text of own) {
      const cidr = parseCidr(text);
      const source = parseIpv4(text.split("/")[0] ?? "");
      if (cidr === undefined || source === undefined || destination === undefined) continue;
      const target = addresses.find((address) => containsAddress(cidr, address));
      if (target === undefined) continue;
      this.#sequence = (this.#sequence + 1) % 0x1_0000;
      return { frame: this.#echo(destination, source, target), vtep: peer.vtep, sequence: this.#sequence };
    }
    return undefined;
  }

  #echo(destination: number, source: number, target: number): Uint8Array {
    const length = ECHO_HEADER_BYTES + NONCE_BYTES;
    const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + length);
    const header = { destination, source: this.#network.overlay.mac, tags: [], etherType: ETHERTYPE_IPV4 };
    const ip = encodeEthernet(bytes, 0, header);
    const fields = { protocol: PROTOCOL_ICMP, source, destination: target, payloadLength: length };
    const icmp = encodeIpv4(bytes, ip, fields);
    encodeIcmpEcho(bytes, icmp, {
      kind: "request",
      identifier: this.#identifier,
      sequence: this.#sequence,
      data: this.#nonce,
    });
    return bytes;
  }
}
