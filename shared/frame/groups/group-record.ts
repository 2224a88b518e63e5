/**
 * The types of group records, the same in reports of IGMPv3 (RFC 3376 §4.2.12) and MLDv2 (RFC 3810 §5.2.12).
 * Types not named here are to be ignored.
 */

/** Answers to a query: only these sources; all but these. */
export const MODE_IS_INCLUDE = 1;
export const MODE_IS_EXCLUDE = 2;
/** The host has changed over to: only these sources; all but these. */
export const CHANGE_TO_INCLUDE = 3;
export const CHANGE_TO_EXCLUDE = 4;
/** The host wants these sources as well; wants them no more. */
export const ALLOW_NEW_SOURCES = 5;
export const BLOCK_OLD_SOURCES = 6;
