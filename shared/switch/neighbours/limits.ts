/** Seconds without a word from a machine itself after which it is forgotten: as long as its MAC in the FDB. */
export const NEIGHBOUR_AGEING_SECONDS = 300;

/** Seconds after which a machine is asked whether it still has its address: leaves two minutes to answer. */
export const CHECK_AFTER_SECONDS = 180;

/**
 * Seconds after which an answer on a machine's behalf has it asked as well. So a dead one, asked for all the
 * time, is answered for three checks longer and not for the whole of its ageing.
 */
export const FRESH_SECONDS = 30;

/** Seconds between two checks of one address: ten times what a slow tunnel takes. */
export const CHECK_RETRY_SECONDS = 5;

/** Checks without an answer that make a machine gone: as many as hosts send themselves (RFC 4861 section 10). */
export const MAX_CHECKS = 3;

/**
 * Checks sent per tick, a second long, in one segment, and to one port: enough for a full table within
 * {@link NEIGHBOUR_AGEING_SECONDS} less {@link CHECK_AFTER_SECONDS}, and no burst that anybody notices.
 */
export const CHECKS_PER_TICK = 128;
export const CHECKS_PER_PORT_AND_TICK = 16;

/**
 * Seconds for which an address is left alone once somebody probes for it: a machine that is just probing for
 * it takes our probe for somebody else's and gives the address up (RFC 5227 section 2.1.1). Its probes and
 * waits add up to 9 s at the most.
 */
export const HOLD_SECONDS = 10;

/** Seconds after a DHCPACK until its client is asked, for the same reason. */
export const LEASE_SETTLE_SECONDS = 15;

/** Questions waiting for their time: those about leases, and to the former owners of addresses. */
export const MAX_QUESTIONS = 256;
export const MAX_QUESTIONS_PER_PORT = 64;

/** Addresses learnt behind one port: a house bridged into the segment, with several IPv6 addresses each. */
export const LEARNED_PER_PORT = 1024;

/** Addresses learnt in a segment, some 220 bytes each (measured in test/shared/switch/table-memory.test.ts): 16 ports would have to conspire to fill it. */
export const LEARNED_PER_SEGMENT = 16_384;

/** Of all kinds: what is registered has room whatever is learnt. Its tenant's limit `neighbours` is twice that. */
export const NEIGHBOURS_PER_SEGMENT = 32_768;

/** Addresses registered by one port: its machines' own. */
export const REGISTERED_PER_PORT = 256;

/**
 * Seconds for which nobody is answered about an address that has just changed its MAC. Until then the former
 * owner, if it lives, has been asked and has answered; a tick passes before the question.
 */
export const SETTLE_SECONDS = 3;

/** Seconds for which the hub answers no question about an address in dispute. */
export const DISPUTE_SECONDS = 60;

/**
 * Seconds after a takeover within which the former owner, which is asked, answers if it is still there. What claims the address
 * later has come back: a router that failed and recovered.
 */
export const ANSWER_SECONDS = 10;

/** Ticks, a second apart, for which an owner has time to say that it is there; it is asked at once and at the first. */
export const CONTEST_TICKS = 2;
/** Seconds after a contest before the next about the same address. */
export const REST_SECONDS = 10;
/** Seconds within which an owner that did not answer gets its registered address back. */
export const FORMER_SECONDS = 60;
/** Contests at a time in a segment. */
export const MAX_CONTESTS = 256;
/** Machines that are asked about their MAC address per tick: each takes a walk through the table. */
export const MAC_QUESTIONS_PER_TICK = 16;
/** Addresses by which one machine is asked. */
export const ASKED_BY = 4;

/** Addresses of which one port's claims have former owners remembered, and what each counts as: it takes some 700 bytes. */
export const DISPUTES_PER_PORT = 256;
export const DISPUTE_UNITS = 2;

/** Former owners remembered per address: a dispute rarely has more parties. */
export const MAX_FORMER = 4;

/** Seconds between two notices about one address. */
export const NOTICE_REPEAT_SECONDS = 300;
