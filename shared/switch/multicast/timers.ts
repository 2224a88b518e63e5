/**
 * The numbers of IGMP (RFC 3376 §8) and MLD (RFC 3810 §9), which are the same, in seconds; and the limits of
 * this implementation, each with its reason.
 */

/** Number of lost packets that memberships survive. */
export const ROBUSTNESS = 2;
/** Time between general queries. */
export const QUERY_INTERVAL = 125;
/** Time that hosts have to answer a general query. */
export const QUERY_RESPONSE_INTERVAL = 10;
/** Time between the {@link ROBUSTNESS} queries with which a querier starts. */
export const STARTUP_QUERY_INTERVAL = QUERY_INTERVAL / 4;
/** Time that a membership lasts without a report, and that a v1 host is remembered. */
export const MEMBERSHIP_INTERVAL = ROBUSTNESS * QUERY_INTERVAL + QUERY_RESPONSE_INTERVAL;
/** Time after its last query for which another querier counts as present. */
export const OTHER_QUERIER_INTERVAL = ROBUSTNESS * QUERY_INTERVAL + QUERY_RESPONSE_INTERVAL / 2;
/** Time between the queries after a leave, and that hosts have to answer one. */
export const LAST_MEMBER_INTERVAL = 1;
/** Number of queries after a leave, the immediate one included. */
export const LAST_MEMBER_COUNT = ROBUSTNESS;

/** Time that hosts have to answer a port's first query: short, because the port gets no multicast until then. */
export const GREETING_RESPONSE = 1;

/** Time by which a tick may come early, so that a query due in a second is not put off to the second after. */
export const TICK_SLACK = 0.1;

/** Greatest number of memberships of a port in all VLANs. An IPv6 host has about three, so a LAN of hundreds fits. */
export const MAX_GROUPS_PER_PORT = 1024;
/** Memberships in a segment: 32 ports that take all they can, 7 MiB at 230 bytes each; its tenant's limit `groups` is twice that. */
export const MAX_MEMBERSHIPS = 32_768;

/** Greatest number of VLANs in a segment with groups of their own: more than a port carries in practice. */
export const MAX_DOMAINS = 256;
/** Greatest number of these that one port may create. */
export const MAX_DOMAINS_PER_PORT = 16;
/** Memberships that a VLAN with its tables and queriers counts as: 3.6 KB. */
export const UNITS_PER_DOMAIN = 16;

/**
 * Greatest number of VLANs queried per tick, a second long. General queries go to all ports, so all {@link MAX_DOMAINS}
 * at once would be hundreds of frames to each. With this they take 16 seconds of the {@link QUERY_INTERVAL}.
 */
export const QUERIES_PER_TICK = 32;
/** Tagged VLANs queried per tick when a port is greeted. */
export const GREETED_PER_TICK = 16;
