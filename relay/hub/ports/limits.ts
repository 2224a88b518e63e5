import { MAX_REMOTES } from "../../../shared/api/resources/port.ts";

/** What bounds the tunnel ports, each with its unit and reason. */
export const PORT_LIMITS = {
  /** Source addresses behind one port: a rack of virtual machines, and some. */
  macs: 4_096,
  /** Static remotes of one port, and ends that a BUM frame is sent to in all (ingress replication). */
  remotes: MAX_REMOTES,
  /** Remotes learnt on top of these: what strangers on the underlay can make a port remember. */
  learntRemotes: 256,
  /** Packets handed to the kernel and not yet done with, before it is asked how much waits. */
  outstanding: 256,
  /** Bytes that may wait in front of the kernel; more is dropped: the underlay has no queue of ours behind it. */
  queuedBytes: 4 * 1024 * 1024,
  /** ICMP "too big" answers per second, and at once. One per flow is enough; a flood of them is an attack of its own. */
  answersPerSecond: 100,
  answersAtOnce: 50,
  /** How often a port that could not start tries again, and silent remotes are forgotten, in seconds. */
  tendSeconds: 10,
  /** Ports of one network. */
  perNetwork: 64,
} as const;

/** Of an underlay that says nothing else: Ethernet's. */
export const DEFAULT_MTU = 1500;
