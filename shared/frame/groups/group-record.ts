/**
 * The types of group records, the same in reports of IGMPv3 (RFC 3376 §4.2.12) and MLDv2 (RFC 3810 §5.2.12).
 * Other types must be ignored.
 */

/** The answer to a query: only these sources, or all but these. */
export const MODE_IS_INCLUDE = 1;
export const MODE_IS_EXCLUDE = 2;
/** A change to only these sources, or to all but these. */
export const CHANGE_TO_INCLUDE = 3;
export const CHANGE_TO_EXCLUDE = 4;
/** Additional sources that the host wants, or sources that it no longer wants. */
export const ALLOW_NEW_SOURCES = 5;
export const BLOCK_OLD_SOURCES = 6;
