/**
 * The numbers of IGMP (RFC 3376 §8) and MLD (RFC 3810 §9), which are the same, in seconds; and the limits of
 * this implementation, each with its reason.
 */

/** How many lost packets memberships survive. */
export const ROBUSTNESS = 2;
/** Between general queries. */
export const QUERY_INTERVAL = 125;
/** How long hosts may take to answer one. */
export const QUERY_RESPONSE_INTERVAL = 10;
/** Between the queries with which a querier starts, of which there are {@link ROBUSTNESS}. */
export const STARTUP_QUERY_INTERVAL = QUERY_INTERVAL / 4;
/** How long a membership lasts without a report, and a v1 host is remembered. */
export const MEMBERSHIP_INTERVAL = ROBUSTNESS * QUERY_INTERVAL + QUERY_RESPONSE_INTERVAL;
/** How long another querier is taken to be there after a query. */
export const OTHER_QUERIER_INTERVAL = ROBUSTNESS * QUERY_INTERVAL + QUERY_RESPONSE_INTERVAL / 2;
/** Between the queries after a leave, and how long hosts may take to answer one. */
export const LAST_MEMBER_INTERVAL = 1;
/** How many queries there are after a leave, the one at once included. */
export const LAST_MEMBER_COUNT = ROBUSTNESS;

/** How long hosts may take to answer a port's first query: it is without its multicast until they have. */
export const GREETING_RESPONSE = 1;

/** By how much a tick may come early, so that one due in a second isn't put off to the second after. */
export const TICK_SLACK = 0.1;

/** Groups that a port may be in, in all VLANs: an IPv6 host is in three or so, so this is a LAN of some hundred behind it. */
export const MAX_GROUPS_PER_PORT = 1024;
/** Memberships in a segment: 32 ports that take all they can, 7 MiB at 230 bytes each; its tenant's limit `groups` is twice that. */
export const MAX_MEMBERSHIPS = 32_768;

/** VLANs inside a segment whose groups are told apart: more than a port carries in practice. */
export const MAX_DOMAINS = 256;
/** And those of them that one port may bring up. */
export const MAX_DOMAINS_PER_PORT = 16;
/** Memberships that a VLAN counts as, with its tables and queriers: 3.6 KB. */
export const UNITS_PER_DOMAIN = 16;

/**
 * VLANs whose hosts are asked per tick, a second long: general queries go to all ports, so all of {@link MAX_DOMAINS} at once
 * would be hundreds of frames to each. With this they take 16 seconds of the {@link QUERY_INTERVAL}.
 */
export const QUERIES_PER_TICK = 32;
/** VLANs that a port is asked about per tick when it is greeted, besides untagged frames. */
export const GREETED_PER_TICK = 16;
