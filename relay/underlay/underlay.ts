/**
 * What the hub's tunnel ports need of the machine they run on: sockets on the network that frames are tunnelled
 * through. Adapters are beside this file; the ports know nothing else of sockets.
 */

/** Where packets go: one remote, or a group. Made by the socket that sends there. */
export interface Remote {
  /** As the socket writes the sources of what it receives. */
  readonly address: string;
  /** Its UDP port; 0 where there are none. */
  readonly port: number;
}

/** Told how the sending of one packet ended, once; the packet's bytes are free from then on. Never throws. */
export type Sent = (error: Error | null) => void;

/**
 * Is handed every packet that comes in: what is behind the IP or UDP header is `bytes[start, end)`, which is right
 * until the call returns. Never throws.
 */
export type Received = (bytes: Uint8Array, start: number, end: number, source: string) => void;

/** A socket of a tunnel. */
export interface UnderlaySocket {
  /** What it puts before each packet, in bytes: IP's header, and UDP's where there is one. */
  readonly overhead: number;
  /** Bytes that were handed over and not yet taken by the kernel. */
  readonly queued: number;
  /** A remote at an address of the socket's own IP version. */
  remote(address: string, port: number): Remote;
  /**
   * Sends a packet made of two pieces, neither of which may change before `sent` is called.
   *
   * @param flow a hash of what is inside: packets with the same one keep their order; others may take another way
   */
  send(to: Remote, header: Uint8Array, payload: Uint8Array, flow: number, sent: Sent): void;
  /**
   * Joins a multicast group (IGMP, MLD), as a VTEP does when it starts.
   *
   * @param link the interface's name; the route decides without one
   * @throws Fault `port.interface`, `port.group`
   */
  join(group: string, port: number, link: string | undefined): Promise<Membership>;
  /** The MTU of the way to a remote, in bytes of an IP packet; undefined where the system does not tell. */
  mtuTo(remote: Remote): Promise<number | undefined>;
  /** Resolves when nothing is received any more. */
  close(): Promise<void>;
}

/** A group that was joined. */
export interface Membership {
  /** The group as a remote: what is sent there is for all in it. */
  readonly remote: Remote;
  leave(): Promise<void>;
}

/** Where to receive: an address of this machine, or the unspecified one for all of them. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface UdpOptions {
  /** Whether its packets go without checksum over IPv4, as VXLAN's do (RFC 7348 section 5). */
  readonly zeroChecksum: boolean;
}

/** A machine's network. */
export interface Underlay {
  /** @throws Fault `port.listen` */
  openUdp(at: ListenAddress, options: UdpOptions, received: Received): Promise<UnderlaySocket>;
  /**
   * IP protocol 47 (RFC 2784), `host` alone.
   *
   * @param caught told of what a native call throws while packets are read, which costs those
   * @throws Fault `port.no-permission`, `port.unsupported`, `port.listen`
   */
  openGre(host: string, received: Received, caught: (error: unknown) => void): Promise<UnderlaySocket>;
}
