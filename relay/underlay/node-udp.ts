/** Tunnels over UDP, by node:dgram. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
  datagramDescriptor,
  forceReceiveBuffer,
  pathMtu,
  setNoChecksum,
  setTunnelOptions,
} from "../../system/socket-options.ts";
import { groupFault, listenFault } from "./faults.ts";
import { interfaceAddress } from "./interfaces.ts";
import type {
  ListenAddress,
  Membership,
  Received,
  Remote,
  Sent,
  UdpOptions,
  UnderlaySocket,
} from "./underlay.ts";

/**
 * Number of sending sockets. A packet's source port identifies its flow, so that routers and receivers' queues spread
 * flows (RFC 7348 section 5). A socket has one port, so the number of ports is the number of sockets.
 */
const SENDERS = 8;

/** The first of the dynamic ports (RFC 6335), to which source ports should belong. */
const FIRST_DYNAMIC_PORT = 49_152;
const DYNAMIC_PORTS = 16_384;
const PORT_ATTEMPTS = 32;

/**
 * Kernel receive buffer in bytes: for bursts of a whole TCP window. Without CAP_NET_ADMIN the kernel may allow less.
 */
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Hop limit of packets to a group: as for packets to one remote, because routers decide where a group reaches. */
const GROUP_TTL = 64;

const UDP_HEADER_BYTES = 8;

/** Opens a socket at an address. @throws Fault `port.listen` */
export async function openNodeUdp(
  at: ListenAddress,
  options: UdpOptions,
  received: Received,
): Promise<UnderlaySocket> {
  const socket = new NodeUdp(at, options, received);
  try {
    await socket.open();
    return socket;
  } catch (error) {
    await socket.close();
    throw listenFault(error, at);
  }
}

class UdpRemote implements Remote {
  readonly address: string;
  readonly port: number;
  readonly senders: Senders;

  constructor(address: string, port: number, senders: Senders) {
    this.address = address;
    this.port = port;
    this.senders = senders;
  }
}

class NodeUdp implements UnderlaySocket {
  readonly overhead: number;
  readonly #at: ListenAddress;
  readonly #isIpv6: boolean;
  readonly #options: UdpOptions;
  readonly #receive: (message: Uint8Array, from: RemoteInfo) => void;
  readonly #unicast: Senders;
  /** Senders to groups, by interface. */
  readonly #multicast = new Map<string, Senders>();
  /** Receiving sockets: at the address, and one for each group that would not be heard there. */
  readonly #receivers = new Set<Socket>();
  #main: Socket | undefined;

  constructor(at: ListenAddress, options: UdpOptions, received: Received) {
    this.#at = at;
    this.#isIpv6 = at.host.includes(":");
    this.#options = options;
    this.overhead = (this.#isIpv6 ? 40 : 20) + UDP_HEADER_BYTES;
    this.#receive = (message, { address }) => received(message, 0, message.length, address);
    this.#unicast = new Senders(at.host, this.#isIpv6, options.zeroChecksum);
  }

  get queued(): number {
    let queued = this.#unicast.queued;
    for (const senders of this.#multicast.values()) queued += senders.queued;
    return queued;
  }

  async open(): Promise<void> {
    this.#main = await this.#listen(this.#at.host);
    await this.#unicast.open();
  }

  remote(address: string, port: number): Remote {
    return new UdpRemote(address, port, this.#unicast);
  }

  send(to: Remote, header: Uint8Array, payload: Uint8Array, flow: number, sent: Sent): void {
    const { address, port, senders } = to as UdpRemote;
    senders.send(address, port, header, payload, flow, sent);
  }

  async join(group: string, port: number, link: string | undefined): Promise<Membership> {
    const local = link === undefined ? undefined : interfaceAddress(link, this.#isIpv6);
    const senders = await this.#sendersFor(link, local);
    // A socket bound to one address hears no group; a socket bound to the group hears only the group.
    const isAnywhere = this.#at.host === "0.0.0.0" || this.#at.host === "::";
    let receiver: Socket | undefined;
    try {
      receiver = isAnywhere ? this.#main : await this.#listen(group);
      receiver?.addMembership(group, local);
    } catch (error) {
      if (!isAnywhere && receiver !== undefined) await this.#drop(receiver);
      throw groupFault(error, group, link);
    }
    const zone = this.#isIpv6 && link !== undefined ? `%${link}` : "";
    return {
      remote: new UdpRemote(group + zone, port, senders),
      leave: async () => {
        if (receiver === undefined || !this.#receivers.has(receiver)) return;
        if (!isAnywhere) return this.#drop(receiver);
        try {
          receiver.dropMembership(group, local);
        } catch {
          // The interface is gone, and the membership with it.
        }
      },
    };
  }

  async mtuTo(remote: Remote): Promise<number | undefined> {
    const { address, port, senders } = remote as UdpRemote;
    const socket = newSocket(this.#isIpv6);
    socket.on("error", () => {});
    try {
      await bind(socket, this.#at.host, 0);
      if (senders.local !== undefined) socket.setMulticastInterface(senders.local);
      await new Promise<void>((resolve, reject) =>
        socket.connect(port, address, (error?: Error) => (error === undefined ? resolve() : reject(error))),
      );
      const fd = datagramDescriptor(socket);
      return fd === undefined ? undefined : pathMtu(fd, this.#isIpv6);
    } catch {
      // There is no route to it now.
      return undefined;
    } finally {
      await closed(socket);
    }
  }

  async close(): Promise<void> {
    await Promise.all([
      ...[...this.#receivers].map((socket) => this.#drop(socket)),
      this.#unicast.close(),
      ...[...this.#multicast.values()].map((senders) => senders.close()),
    ]);
  }

  async #listen(host: string): Promise<Socket> {
    const socket = newSocket(this.#isIpv6);
    this.#receivers.add(socket);
    try {
      await bind(socket, host, this.#at.port);
    } catch (error) {
      await this.#drop(socket);
      throw error;
    }
    prepare(socket, this.#isIpv6, this.#options.zeroChecksum);
    socket.on("message", this.#receive);
    // The kernel's errors on a socket that only receives call for no action.
    socket.on("error", () => {});
    return socket;
  }

  async #drop(socket: Socket): Promise<void> {
    this.#receivers.delete(socket);
    socket.off("message", this.#receive);
    await closed(socket);
  }

  async #sendersFor(link: string | undefined, local: string | undefined): Promise<Senders> {
    const key = link ?? "";
    const known = this.#multicast.get(key);
    if (known !== undefined) return known;
    const senders = new Senders(this.#at.host, this.#isIpv6, this.#options.zeroChecksum, local);
    this.#multicast.set(key, senders);
    await senders.open();
    return senders;
  }
}

/** The sending sockets, one of which serves each flow. */
class Senders {
  /** The interface for sending to groups. */
  readonly local: string | undefined;
  readonly #host: string;
  readonly #isIpv6: boolean;
  readonly #zeroChecksum: boolean;
  readonly #sockets: Socket[] = [];

  constructor(host: string, isIpv6: boolean, zeroChecksum: boolean, local?: string) {
    this.#host = host;
    this.#isIpv6 = isIpv6;
    this.#zeroChecksum = zeroChecksum;
    this.local = local;
  }

  get queued(): number {
    let queued = 0;
    for (const socket of this.#sockets) queued += socket.getSendQueueSize();
    return queued;
  }

  async open(): Promise<void> {
    while (this.#sockets.length < SENDERS) {
      const socket = await this.#bound();
      this.#sockets.push(socket);
      prepare(socket, this.#isIpv6, this.#zeroChecksum);
      socket.on("error", () => {});
      socket.setMulticastTTL(GROUP_TTL);
      socket.setMulticastLoopback(false);
      if (this.local !== undefined) socket.setMulticastInterface(this.local);
    }
  }

  send(
    address: string,
    port: number,
    header: Uint8Array,
    payload: Uint8Array,
    flow: number,
    sent: Sent,
  ): void {
    const socket = this.#sockets[flow % this.#sockets.length];
    if (socket === undefined) return sent(new Error("the socket is closed"));
    try {
      socket.send([header, payload], port, address, sent);
    } catch (error) {
      sent(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.splice(0).map(closed));
  }

  async #bound(): Promise<Socket> {
    for (let attempt = 1; ; attempt++) {
      const socket = newSocket(this.#isIpv6);
      // The last attempt takes any free port.
      const port =
        attempt < PORT_ATTEMPTS ? FIRST_DYNAMIC_PORT + Math.floor(Math.random() * DYNAMIC_PORTS) : 0;
      try {
        await bind(socket, this.#host, port);
        return socket;
      } catch (error) {
        await closed(socket);
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || attempt >= PORT_ATTEMPTS) throw error;
      }
    }
  }
}

function newSocket(isIpv6: boolean): Socket {
  return createSocket({
    type: isIpv6 ? "udp6" : "udp4",
    ipv6Only: isIpv6,
    // Remotes are always addresses, so no packet needs a lookup.
    lookup: (address, _options, callback) => callback(null, address, isIpv6 ? 6 : 4),
  });
}

function prepare(socket: Socket, isIpv6: boolean, zeroChecksum: boolean): void {
  const fd = datagramDescriptor(socket);
  if (fd === undefined || !forceReceiveBuffer(fd, RECEIVE_BYTES)) {
    try {
      socket.setRecvBufferSize(RECEIVE_BYTES);
    } catch {
      // The system's default applies.
    }
  }
  if (fd === undefined) return;
  setTunnelOptions(fd, isIpv6);
  if (zeroChecksum) setNoChecksum(fd, isIpv6);
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      // It was never open.
      resolve();
    }
  });
}
