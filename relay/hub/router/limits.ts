/** What bounds a network's router, each with its unit and reason. */
export const ROUTER_LIMITS = {
  /** ICMP errors per second to one port or tunnel, and at once (RFC 1812 section 4.3.2.8): a flood of them is an attack of its own. */
  errorsPerSecond: 100,
  errorsAtOnce: 50,
  /** Addresses asked for at once: who goes through a whole subnet from the other end has no more asked about. */
  asked: 128,
  /** Packets, and bytes, that wait for one address: the beginning of a flow. */
  waitingPackets: 16,
  waitingBytes: 64 * 1024,
  /** Questions about one address, a second apart (RFC 1122 section 2.3.2.1), before its packets are answered "host unreachable". */
  questions: 3,
} as const;
