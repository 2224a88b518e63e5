/** The limits of a network's router, each with its unit and reason. */
export const ROUTER_LIMITS = {
  /**
   * ICMP errors per second to one port or tunnel, and burst (RFC 1812 section 4.3.2.8): a flood of them is an attack of
   * its own.
   */
  errorsPerSecond: 100,
  errorsAtOnce: 50,
  /** Addresses resolved at once: a scan of a whole subnet from the other end triggers no more queries. */
  asked: 128,
  /** Packets, and bytes, that wait for one address: the beginning of a flow. */
  waitingPackets: 16,
  waitingBytes: 64 * 1024,
  /**
   * Queries for one address, a second apart (RFC 1122 section 2.3.2.1), before its packets are answered "host
   * unreachable".
   */
  questions: 3,
} as const;
