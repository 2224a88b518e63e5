/** Seconds of silence after which a machine is removed: as long as its MAC address stays in the FDB. */
export const NEIGHBOUR_AGEING_SECONDS = 300;

/** Seconds of silence after which a machine is checked: leaves two minutes to answer. */
export const CHECK_AFTER_SECONDS = 180;

/**
 * Seconds of silence after which an answer on a machine's behalf causes a check. So the hub answers for a dead machine
 * only three checks longer, and not until it ages.
 */
export const FRESH_SECONDS = 30;

/** Seconds between two checks of one address: ten round trips of a slow tunnel. */
export const CHECK_RETRY_SECONDS = 5;

/** Number of unanswered checks after which a machine is removed: as many as hosts send (RFC 4861 section 10). */
export const MAX_CHECKS = 3;

/**
 * Greatest number of checks per tick, a second long, in one segment and to one port: enough for a full table within
 * {@link NEIGHBOUR_AGEING_SECONDS} less {@link CHECK_AFTER_SECONDS}, without a noticeable burst.
 */
export const CHECKS_PER_TICK = 128;
export const CHECKS_PER_PORT_AND_TICK = 16;

/**
 * Seconds without checks of an address after a machine probes for it. A machine that probes takes the hub's probe for
 * another machine's and gives the address up (RFC 5227 section 2.1.1). Its probes and waits take 9 s at most.
 */
export const HOLD_SECONDS = 10;

/** Seconds from a DHCPACK to the question to its client, for the same reason. */
export const LEASE_SETTLE_SECONDS = 15;

/** Greatest number of queued questions: those about leases, and to former owners of addresses. */
export const MAX_QUESTIONS = 256;
export const MAX_QUESTIONS_PER_PORT = 64;

/** Greatest number of addresses learnt behind one port: for a bridged house whose machines have several each. */
export const LEARNED_PER_PORT = 1024;

/** Greatest number of addresses learnt in a segment, some 220 bytes each (measured in table-memory.test.ts): 16 full ports. */
export const LEARNED_PER_SEGMENT = 16_384;

/** The same of all kinds: registered addresses have room however many are learnt. The tenant's limit is twice that. */
export const NEIGHBOURS_PER_SEGMENT = 32_768;

/** Greatest number of addresses registered by one port. */
export const REGISTERED_PER_PORT = 256;

/**
 * Seconds without answers about an address that has just changed its MAC. The former owner is asked after a tick and has
 * answered by then if it is still there.
 */
export const SETTLE_SECONDS = 3;

/** Seconds for which the hub answers no question about an address in dispute. */
export const DISPUTE_SECONDS = 60;

/**
 * Seconds after a takeover within which the former owner answers its question if it is still there. An owner that claims
 * the address later has come back: a router that failed and recovered.
 */
export const ANSWER_SECONDS = 10;

/** Ticks, a second apart, that an owner has to answer; it is asked at once and at the first. */
export const CONTEST_TICKS = 2;
/** Seconds after a contest before the next about the same address. */
export const REST_SECONDS = 10;
/** Seconds within which an owner that did not answer gets its registered address back. */
export const FORMER_SECONDS = 60;
/** Greatest number of contests at a time in a segment. */
export const MAX_CONTESTS = 256;
/** Greatest number of machines asked about their MAC address per tick: each takes a walk through the table. */
export const MAC_QUESTIONS_PER_TICK = 16;
/** Greatest number of addresses by which one machine is asked. */
export const ASKED_BY = 4;

/** Greatest number of disputes that one port's claims cause, and the addresses that each counts as: some 700 bytes. */
export const DISPUTES_PER_PORT = 256;
export const DISPUTE_UNITS = 2;

/** Greatest number of former owners remembered per address: a dispute rarely has more. */
export const MAX_FORMER = 4;

/** Seconds between two notices about one address. */
export const NOTICE_REPEAT_SECONDS = 300;
