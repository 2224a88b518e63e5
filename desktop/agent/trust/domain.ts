/** For which names a relay may have this machine ask its network's name servers. */
import { parse } from "tldts";

/** RFC 1035 section 2.3.4, less what a name in the domain needs. */
const LONGEST = 189;
/** RFC 1123 section 2.1. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Labels that a network's domain needs below a suffix: the network's, and its operator's. */
const LABELS_BELOW = 2;
/** Of special use (RFC 6761, RFC 6762, RFC 7686): not in the public suffix list, and not a relay's to give. */
const SPECIAL = new Set(["arpa", "alt", "invalid", "local", "localhost", "onion"]);

/**
 * Judges a network's domain.
 *
 * A suffix that is not public, such as `.internal`, takes two labels before it. Below a public suffix the two are counted
 * from the domain that somebody registered, and that has to be the relay's own: no relay answers for the names of others.
 *
 * @param host where the relay is, as this machine dials it
 * @returns why it is refused, a clause after "it"; undefined where it is not
 */
export function judgeDomain(domain: string, host: string): string | undefined {
  const labels = domain.split(".");
  if (domain.length > LONGEST || !labels.every((label) => LABEL.test(label))) return "is not a domain";
  const top = labels.at(-1) ?? "";
  if (/^[0-9]+$/.test(top)) return "is not a domain";
  if (SPECIAL.has(top)) return `is below .${top}, which is for another use`;
  const { publicSuffix, isIcann, isPrivate, domain: registered } = parse(domain, OPTIONS);
  const isPublic = isIcann === true || isPrivate === true;
  if (!isPublic) {
    if (labels.length >= LABELS_BELOW + 1) return undefined;
    return `has fewer than ${LABELS_BELOW} labels below '${top}'`;
  }
  if (registered === null) return `is the public suffix '${publicSuffix}'`;
  if (labels.length < registered.split(".").length + LABELS_BELOW) {
    return `has fewer than ${LABELS_BELOW} labels below '${registered}'`;
  }
  if (registered !== parse(host, OPTIONS).domain)
    return `is below '${registered}', which is not the relay's own`;
  return undefined;
}

/** Suffixes below which anybody may have a name count as well, such as github.io. */
const OPTIONS = { allowPrivateDomains: true };

/** Returns whether one of two domains is the other or within it. */
export function domainsOverlap(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
