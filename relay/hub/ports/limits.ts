import { MAX_REMOTES } from "../../../shared/api/resources/port.ts";

/** The limits of tunnel ports, each with its unit and reason. */
export const PORT_LIMITS = {
  /** Source addresses behind one port: a rack of virtual machines, and some. */
  macs: 4_096,
  /** Static remotes of one port, and receivers of one BUM frame (ingress replication). */
  remotes: MAX_REMOTES,
  /** Learnt remotes in addition: what strangers on the underlay can make a port remember. */
  learntRemotes: 256,
  /** Packets in the kernel's hands before the port asks how much waits. */
  outstanding: 256,
  /** Bytes that may wait in front of the kernel; more is dropped, because the underlay has no queue of ours. */
  queuedBytes: 4 * 1024 * 1024,
  /** ICMP "too big" answers per second, and burst. One per flow is enough; a flood of them is an attack of its own. */
  answersPerSecond: 100,
  answersAtOnce: 50,
  /** Interval in seconds at which failed ports retry and silent remotes are forgotten. */
  tendSeconds: 10,
  /** Ports of one network. */
  perNetwork: 64,
} as const;

/** Ethernet's MTU, for an underlay that reports none. */
export const DEFAULT_MTU = 1500;
