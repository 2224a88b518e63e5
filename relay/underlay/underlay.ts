/**
 * What the hub's tunnel ports need from their machine: sockets on the network that carries the tunnels. Adapters are
 * beside this file; the ports use sockets only through it.
 */

/** A destination of packets: one remote, or a group. Made by the socket that sends to it. */
export interface Remote {
  /** In the form in which the socket reports sources. */
  readonly address: string;
  /** UDP port; 0 without UDP. */
  readonly port: number;
}

/** Called once when the sending of a packet has ended; its bytes may be reused from then on. Never throws. */
export type Sent = (error: Error | null) => void;

/**
 * Receives each incoming packet: `bytes[start, end)` lies behind the IP or UDP header and is lent until the call
 * returns. Never throws.
 */
export type Received = (bytes: Uint8Array, start: number, end: number, source: string) => void;

/** A socket of a tunnel. */
export interface UnderlaySocket {
  /** Bytes of headers that it adds to each packet: IP's, and UDP's if present. */
  readonly overhead: number;
  /** Bytes passed to the socket that the kernel has not taken yet. */
  readonly queued: number;
  /** Returns a remote for an address of the socket's own IP version. */
  remote(address: string, port: number): Remote;
  /**
   * Sends a packet made of two pieces, neither of which may change before `sent` is called.
   *
   * @param flow a hash of the inner frame: packets with the same hash keep their order; others may take another path
   */
  send(to: Remote, header: Uint8Array, payload: Uint8Array, flow: number, sent: Sent): void;
  /**
   * Joins a multicast group (IGMP, MLD), as a VTEP does when it starts.
   *
   * @param link the interface's name; without it the route decides
   * @throws Fault `port.interface`, `port.group`
   */
  join(group: string, port: number, link: string | undefined): Promise<Membership>;
  /** Returns the path MTU to a remote, in bytes of an IP packet; undefined if the system does not tell. */
  mtuTo(remote: Remote): Promise<number | undefined>;
  /** Resolves once no more packets arrive. */
  close(): Promise<void>;
}

/** Membership of a multicast group. */
export interface Membership {
  /** The group as a remote: packets to it reach all its members. */
  readonly remote: Remote;
  leave(): Promise<void>;
}

/** The address to receive at: one of this machine, or the unspecified one for all of them. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface UdpOptions {
  /** Whether packets have no checksum over IPv4, as VXLAN's (RFC 7348 section 5). */
  readonly zeroChecksum: boolean;
}

/** A machine's network. */
export interface Underlay {
  /**
   * Opens a UDP socket.
   *
   * @throws Fault `port.listen`
   */
  openUdp(at: ListenAddress, options: UdpOptions, received: Received): Promise<UnderlaySocket>;
  /**
   * Opens a socket for IP protocol 47 (RFC 2784); `host` alone is used.
   *
   * @param caught receives errors thrown by native calls while packets are read; those packets are lost
   * @throws Fault `port.no-permission`, `port.unsupported`, `port.listen`
   */
  openGre(host: string, received: Received, caught: (error: unknown) => void): Promise<UnderlaySocket>;
}
