import { formatAddress, type IpAddress } from "../../../shared/frame/address.ts";
import { readUint16 } from "../../../shared/frame/bytes.ts";
import { type Cidr, formatCidr, lastAddressOf, networkOf } from "../../../shared/frame/cidr.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../../shared/frame/ethernet.ts";
import { readHops, takeHop } from "../../../shared/frame/ip/forward-ip.ts";
import { type IcmpProblem, icmpError } from "../../../shared/frame/ip/icmp-error.ts";
import { readMac, writeMac } from "../../../shared/frame/mac.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import type { Budget } from "../../../shared/switch/budget.ts";
import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import type { DropCounter, DropReason } from "../../../shared/switch/drops.ts";
import { addressQuestion } from "../../../shared/switch/neighbours/messages.ts";
import type { NeighbourSuppressor } from "../../../shared/switch/neighbours/suppressor.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { SenderBuckets } from "../rates/sender-buckets.ts";
import { ROUTER_LIMITS } from "./limits.ts";
import { Resolver } from "./resolver.ts";
import { RouteTable } from "./route-table.ts";
import {
  finishUndone,
  fragments,
  frameOf,
  isRoutable,
  PACKET,
  type RoutedHeader,
  readRouted,
  writeType,
} from "./routed-packet.ts";

/** A way out of the network: a tunnel that carries packets. */
export interface RouterLink {
  readonly id: string;
  /** Maximum bytes of a packet. */
  readonly mtu: number;
  readonly drops: DropCounter;
  /** Sends the packet in a frame, which the link owns from then on. */
  transmit(frame: Uint8Array): void;
}

/** A network in which the router has an address of its own. */
interface Connected {
  readonly cidr: Cidr;
  users: number;
}

/** Where a packet came in: a tunnel, or a port of the segment and the host there. */
type Origin =
  | { readonly link: RouterLink; readonly port?: undefined; readonly mac?: undefined }
  | { readonly link?: undefined; readonly port: Port; readonly mac: number };

interface Waiting {
  readonly frame: Uint8Array;
  readonly origin: Origin;
}

export interface RouterOptions {
  readonly segment: Segment;
  /** The hub's own MAC address in the segment. */
  readonly mac: number;
  /** Maximum bytes of a packet in the segment. */
  readonly mtu: number;
  /** The current neighbour table of the hub. */
  readonly neighbours: () => NeighbourSuppressor | undefined;
  /** Adds an address to the hub, or removes it. */
  readonly own: (address: IpAddress) => void;
  readonly disown: (address: IpAddress) => void;
  /** Returns whether an address is the hub's own. */
  readonly isOwn: (address: IpAddress) => boolean;
  /**
   * Answers a packet for one of the hub's own addresses: a whole frame.
   *
   * @param from the origin whose rate it counts against
   */
  readonly serve: (from: object, frame: Uint8Array) => Uint8Array | DropReason;
  /** Receives errors that cost a waiting packet, or a tick. */
  readonly report?: ReportContained | undefined;
  /** Budget for packets that wait for an address, in bytes; without it only each router's own limits apply. */
  readonly waiting?: Budget | undefined;
  /** Monotonic seconds, with fractions. */
  readonly clock: () => number;
}

/**
 * Routes packets between a network and the tunnels that lead to other subnets (RFC 1812, RFC 8200). It matches the
 * longest prefix, decrements the hop limit, sends ICMP errors, and fragments where allowed. It drops packets whose
 * source does not belong to the way they came in (RFC 3704, strict).
 */
export class Router {
  readonly #options: RouterOptions;
  readonly #routes = new RouteTable<Connected | RouterLink>();
  readonly #connected = new Map<string, Connected>();
  readonly #links = new Map<
    RouterLink,
    { readonly gateways: readonly Cidr[]; readonly routes: readonly Cidr[] }
  >();
  readonly #resolver: Resolver<Waiting>;
  readonly #errors = new SenderBuckets(ROUTER_LIMITS.errorsPerSecond, ROUTER_LIMITS.errorsAtOnce);
  readonly #containment: Containment;
  #flushing = false;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { segment, report, clock } = options;
    this.#containment = new Containment({ at: "router", vni: segment.vni, report, clock });
    this.#resolver = new Resolver({
      budget: options.waiting,
      ask: (address) => this.#ask(address),
      failed: ({ frame, origin }) => {
        this.#tell(origin, frame, PACKET, frame.length, { kind: "no-host" });
        this.#drop(origin, "no-host", frame);
      },
    });
  }

  /**
   * Routes networks through a tunnel.
   *
   * @param gateways the hub's own addresses in its network
   * @throws Fault `port.taken`
   */
  add(link: RouterLink, gateways: readonly Cidr[], routes: readonly Cidr[]): void {
    for (const cidr of gateways) this.#demandFree(cidr);
    for (const cidr of routes) {
      if (this.#routes.at(cidr) === undefined) continue;
      throw new Fault({
        code: "port.taken",
        message: `another port already leads to ${formatCidr(networkOf(cidr))}`,
        hint: "Name a network with --route that no other port of this network has.",
      });
    }
    for (const cidr of gateways) this.#connect(cidr);
    for (const cidr of routes) this.#routes.add(cidr, link);
    this.#links.set(link, { gateways, routes });
  }

  remove(link: RouterLink): void {
    const { gateways = [], routes = [] } = this.#links.get(link) ?? {};
    if (!this.#links.delete(link)) return;
    for (const cidr of routes) this.#routes.delete(cidr);
    for (const cidr of gateways) this.#disconnect(cidr);
  }

  /**
   * Handles a frame for the hub's MAC address.
   *
   * @returns `own` if it is for the hub itself, or is not a packet; a drop reason if it is not forwarded; otherwise
   *   undefined
   */
  fromSegment(port: Port, bytes: Uint8Array, frame: number, end: number): "own" | DropReason | undefined {
    const type = readUint16(bytes, frame + PACKET - 2);
    if (this.#links.size === 0 || (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6)) return "own";
    const ip = readRouted(bytes, frame + PACKET, end);
    if (ip instanceof Malformed) return "malformed";
    if (this.#options.isOwn(ip.destination)) return "own";
    return this.#route(ip, bytes, frame + PACKET, { port, mac: readMac(bytes, frame + 6) });
  }

  /** Handles the packet in [packet, end) from a tunnel. */
  fromLink(link: RouterLink, bytes: Uint8Array, packet: number, end: number): void {
    const ip = readRouted(bytes, packet, end);
    if (ip instanceof Malformed) return link.drops.count("malformed");
    this.#flushSoon();
    const origin = { link };
    const refused = this.#options.isOwn(ip.destination)
      ? this.#serve(ip, bytes, packet, link)
      : this.#route(ip, bytes, packet, origin);
    if (refused !== undefined) link.drops.count(refused);
  }

  /** Notes that a host was heard with an address. Never throws, because the waiting packets are not that host's. */
  heard(address: IpAddress): void {
    for (const { frame, origin } of this.#resolver.take(address)) {
      try {
        this.#deliver(address, frame, origin);
      } catch (error) {
        this.#containment.caught(error);
        (origin.link ?? origin.port).drops.count("internal-error");
      }
    }
  }

  /** Retries and expires. Call it about once a second. Never throws. */
  tick(): void {
    this.#containment.run(() => this.#resolver.tick(this.#options.clock()));
    this.#flush();
  }

  /**
   * Routes a packet.
   *
   * @returns the drop reason, to be counted at its origin
   */
  #route(ip: RoutedHeader, bytes: Uint8Array, packet: number, origin: Origin): DropReason | undefined {
    const { source, destination, end } = ip;
    const back = isRoutable(source) ? this.#routes.lookup(source) : undefined;
    // The way back must be the one by which it came.
    if (back === undefined || (isLink(back) ? back : undefined) !== origin.link) return "martian";
    if (this.#options.isOwn(source) || ip.sourceRouted || !isRoutable(destination)) return "martian";
    const way = this.#routes.lookup(destination);
    if (way !== undefined && !isLink(way) && isSubnetsOwn(way.cidr, destination)) return "martian";
    if (way === undefined) {
      this.#tell(origin, bytes, packet, end, { kind: "no-route" });
      return "no-route";
    }
    if (way === origin.link) return "same-port";
    if (readHops(bytes, packet) <= 1) {
      this.#tell(origin, bytes, packet, end, { kind: "hop-limit" });
      return "hop-limit";
    }
    const frame = frameOf(bytes, packet, end);
    takeHop(frame, PACKET);
    const mtu = isLink(way) ? way.mtu : this.#options.mtu;
    for (const one of origin.link === undefined ? [frame] : finishUndone(frame, mtu)) {
      this.#send(way, destination, one, mtu, origin);
    }
    return undefined;
  }

  #send(way: Connected | RouterLink, to: IpAddress, frame: Uint8Array, mtu: number, origin: Origin): void {
    if (frame.length - PACKET <= mtu) return this.#hand(way, to, frame, origin);
    const pieces = fragments(frame, mtu);
    if (pieces !== undefined) {
      for (const piece of pieces) this.#hand(way, to, piece, origin);
      return;
    }
    this.#tell(origin, frame, PACKET, frame.length, { kind: "too-big", mtu });
    // Counts at the tunnel, in either direction.
    const link = isLink(way) ? way : origin.link;
    if (link === undefined) this.#drop(origin, "too-big", frame);
    else link.drops.count("too-big");
  }

  #hand(way: Connected | RouterLink, to: IpAddress, frame: Uint8Array, origin: Origin): void {
    if (isLink(way)) way.transmit(frame);
    else this.#deliver(to, frame, origin);
  }

  /** Sends a packet to a host of the segment, once its address is resolved. */
  #deliver(to: IpAddress, frame: Uint8Array, origin: Origin): void {
    const { segment, mac, clock, neighbours } = this.#options;
    const now = clock();
    const neighbour = neighbours()?.owner(to, now);
    if (neighbour === undefined) {
      if (!this.#resolver.wait(to, { frame, origin }, frame.length, now))
        this.#drop(origin, "no-host", frame);
      return;
    }
    const port = segment.table.lookup(neighbour.mac) ?? neighbour.port;
    if (port.cut) return this.#drop(origin, "loop", frame);
    writeMac(frame, 0, neighbour.mac);
    writeMac(frame, 6, mac);
    segment.toPort(port, frame);
  }

  /** Answers a packet for the hub itself, through the tunnel that it came by. */
  #serve(ip: RoutedHeader, bytes: Uint8Array, packet: number, link: RouterLink): DropReason | undefined {
    if (this.#routes.lookup(ip.source) !== link || !isRoutable(ip.source)) return "martian";
    const answer = this.#options.serve(link, frameOf(bytes, packet, ip.end));
    if (typeof answer === "string") return answer;
    const pieces = answer.length - PACKET <= link.mtu ? [answer] : fragments(answer, link.mtu);
    for (const piece of pieces ?? []) link.transmit(piece);
    return pieces === undefined ? "too-big" : undefined;
  }

  /** Sends the reason for a drop to the packet's sender, from the address of the gateway that it came to. */
  #tell(origin: Origin, bytes: Uint8Array, packet: number, end: number, problem: IcmpProblem): void {
    const { clock, segment, mac } = this.#options;
    if (!this.#errors.take(origin.link ?? origin.port, clock())) return;
    const from = this.#gatewayFor(origin, bytes, packet, end);
    if (from === undefined) return;
    const most = origin.link?.mtu ?? this.#options.mtu;
    const answer = icmpError(bytes, packet, end, problem, { room: PACKET, from, most });
    if (answer === undefined) return;
    writeType(answer);
    if (origin.link !== undefined) return origin.link.transmit(answer);
    writeMac(answer, 0, origin.mac);
    writeMac(answer, 6, mac);
    segment.toPort(origin.port, answer);
  }

  /** Returns the hub's address where the packet came in. */
  #gatewayFor({ link }: Origin, bytes: Uint8Array, packet: number, end: number): IpAddress | undefined {
    const ip = readRouted(bytes, packet, end);
    if (ip instanceof Malformed) return undefined;
    if (link === undefined) {
      const way = this.#routes.lookup(ip.source);
      return way === undefined || isLink(way) ? undefined : way.cidr.address;
    }
    const gateways = this.#links.get(link)?.gateways ?? [];
    return gateways.find(({ address }) => typeof address === typeof ip.source)?.address;
  }

  #drop(origin: Origin, reason: DropReason, frame: Uint8Array): void {
    if (origin.link !== undefined) origin.link.drops.count(reason);
    else this.#options.segment.drop(origin.port, reason, frame, 0, frame.length);
  }

  #ask(address: IpAddress): void {
    const way = this.#routes.lookup(address);
    if (way === undefined || isLink(way)) return;
    const question = addressQuestion(this.#options.mac, way.cidr.address, address);
    if (question !== undefined) this.#options.segment.toAll(question);
  }

  #demandFree(cidr: Cidr): void {
    const { neighbours, isOwn, clock } = this.#options;
    const other = this.#routes.at(cidr);
    if (other !== undefined && (isLink(other) || other.cidr.address !== cidr.address)) {
      throw new Fault({
        code: "port.taken",
        message: `another gateway or port already leads to ${formatCidr(networkOf(cidr))}`,
        hint: "Name the gateway that the network's other ports have.",
      });
    }
    if (isOwn(cidr.address) || neighbours()?.owner(cidr.address, clock()) === undefined) return;
    throw new Fault({
      code: "port.taken",
      message: `${formatAddress(cidr.address)} is in use by a machine of the network`,
      hint: "Name an unused address with --gateway.",
    });
  }

  #connect(cidr: Cidr): void {
    const key = formatCidr(cidr);
    const connected = this.#connected.get(key) ?? { cidr, users: 0 };
    connected.users++;
    if (connected.users > 1) return;
    this.#connected.set(key, connected);
    this.#routes.add(cidr, connected);
    this.#options.own(cidr.address);
  }

  #disconnect(cidr: Cidr): void {
    const connected = this.#connected.get(formatCidr(cidr));
    if (connected === undefined || --connected.users > 0) return;
    this.#connected.delete(formatCidr(cidr));
    this.#routes.delete(cidr);
    this.#options.disown(cidr.address);
  }

  /** Flushes after everything that is read at this wake-up, so that it leaves together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#containment.run(() => this.#options.segment.flush());
  }
}

function isLink(way: Connected | RouterLink): way is RouterLink {
  return "transmit" in way;
}

/** Returns whether an address is the subnet's own or its broadcast address (RFC 1812 section 5.3.5, RFC 2644). */
function isSubnetsOwn(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.version === 6 || cidr.prefix > 30) return false;
  return address === networkOf(cidr).address || address === lastAddressOf(cidr);
}
