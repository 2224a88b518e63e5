/** Judges a relay's offer of networks before it changes anything on this machine. */
import { MAX_VNI } from "../../../shared/frame/encapsulation/vxlan.ts";
import {
  FRAME_BYTES,
  KEEPALIVE_SECONDS,
  MESSAGE_BYTES,
  SILENCE_SECONDS,
} from "../../../shared/protocol/constants.ts";
import type { NetworkOffer, Welcome } from "../../../shared/protocol/control.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { isMulticastText, judgeAddress } from "./address.ts";
import { judgeDomain } from "./domain.ts";
import { type Refusal, refusedValue } from "./refusal.ts";

/** Maximum networks of one tunnel: each may have its own interface. */
export const MAX_NETWORKS = 512;
/** Maximum DNS servers of a network. */
const MAX_SERVERS = 4;
/** Maximum refusals reported for one welcome. */
const MAX_REFUSALS = 64;
/** Names of networks, with room for other relays' naming; see also relay/http/kernel/body.ts. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Returns whether a text is a valid name of a network. */
export function isNetworkName(name: string): boolean {
  return NAME.test(name);
}

/** Bytes of a packet inside a frame: from IPv4's minimum (RFC 791) to a TAP's maximum. */
const MTU = { least: 576, most: 65_521, usual: 1_500 };
/** Seconds. At most the tolerated silence, which is checked at the same interval. */
const KEEPALIVE = { least: 5, most: SILENCE_SECONDS - 5 };
/** Minimum bytes of an Ethernet frame, and of a message that holds one. */
const LEAST_FRAME = 64;
const LEAST_MESSAGE = 1_024;
const MAX_MACS = 1_048_576;

/** A welcome whose values are within their bounds. */
export interface JudgedWelcome {
  readonly welcome: Welcome;
  readonly refusals: readonly Refusal[];
}

/**
 * Judges every value of a welcome. Refused values are replaced by the default or left out; a network without a usable
 * name or VNI is left out.
 *
 * @param host the relay's host as this machine dials it
 */
export function judgeWelcome(said: Welcome, host: string): JudgedWelcome {
  const refusals: Refusal[] = [];
  const refuse = (...args: Parameters<typeof refusedValue>) => {
    if (refusals.length < MAX_REFUSALS) refusals.push(refusedValue(...args));
  };
  const within = (what: string, value: number, least: number, most: number, usual: number): number => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    refuse(undefined, what, value, `is not between ${least} and ${most}; ${usual} is used`);
    return usual;
  };
  const { limits } = said;
  const welcome: Welcome = {
    ...said,
    networks: judgeOffers(said.networks, host, refuse),
    limits: {
      message_bytes: within(
        "message_bytes",
        limits.message_bytes,
        LEAST_MESSAGE,
        MESSAGE_BYTES,
        MESSAGE_BYTES,
      ),
      frame_bytes: within("frame_bytes", limits.frame_bytes, LEAST_FRAME, FRAME_BYTES, FRAME_BYTES),
      macs: within("macs", limits.macs, 1, MAX_MACS, MAX_MACS),
    },
    keepalive_seconds: within(
      "keepalive_seconds",
      said.keepalive_seconds,
      KEEPALIVE.least,
      KEEPALIVE.most,
      KEEPALIVE_SECONDS,
    ),
  };
  return { welcome, refusals };
}

type Refuse = (...args: Parameters<typeof refusedValue>) => void;

function judgeOffers(offers: readonly NetworkOffer[], host: string, refuse: Refuse): NetworkOffer[] {
  const networks: NetworkOffer[] = [];
  const names = new Set<string>();
  const vnis = new Set<number>();
  for (const offer of offers) {
    const { name, vni } = offer;
    if (networks.length >= MAX_NETWORKS) {
      refuse(undefined, "a number of networks", offers.length, `is more than ${MAX_NETWORKS}`);
      break;
    }
    if (!isNetworkName(name)) refuse(undefined, "a network's name", name, "is not a network's name");
    else if (!Number.isInteger(vni) || vni < 1 || vni > MAX_VNI) {
      refuse(undefined, `the VNI of network '${name}',`, vni, `is not between 1 and ${MAX_VNI}`);
    } else if (names.has(name) || vnis.has(vni)) {
      refuse(undefined, "a network", name, "has the name or the VNI of another one");
    } else {
      names.add(name);
      vnis.add(vni);
      networks.push(judgeOffer(offer, host, refuse));
    }
  }
  return networks;
}

function judgeOffer(offer: NetworkOffer, host: string, refuse: Refuse): NetworkOffer {
  const { name, vni } = offer;
  let { mtu, group } = offer;
  if (!Number.isInteger(mtu) || mtu < MTU.least || mtu > MTU.most) {
    refuse(name, "the MTU", mtu, `is not between ${MTU.least} and ${MTU.most}; ${MTU.usual} is used`);
    mtu = MTU.usual;
  }
  if (!isMulticastText(group)) {
    refuse(name, "the group", group, "is not a multicast address");
    group = "";
  }
  const address = judged(offer, "address", 4, refuse);
  const address6 = judged(offer, "address6", 6, refuse);
  const dns = judgeNames(offer, host, refuse);
  return {
    name,
    vni,
    group,
    mtu,
    ...(address !== undefined && { address }),
    ...(address6 !== undefined && { address6 }),
    ...(dns !== undefined && { dns }),
  };
}

function judged(
  offer: NetworkOffer,
  field: "address" | "address6",
  version: 4 | 6,
  refuse: Refuse,
): string | undefined {
  const text = offer[field];
  if (text === undefined) return undefined;
  const cidr = judgeAddress(text, version);
  if (typeof cidr !== "string") return text;
  refuse(offer.name, "the address", text, cidr);
  return undefined;
}

/** Whether a server is within the network is known only once the interface has addresses. */
function judgeNames({ name, dns }: NetworkOffer, host: string, refuse: Refuse): NetworkOffer["dns"] {
  if (dns === undefined) return undefined;
  const domain = plainText(dns.domain, 256);
  const why = judgeDomain(domain, host);
  if (why !== undefined) {
    refuse(name, "the domain", domain, why);
    return undefined;
  }
  if (dns.servers.length > MAX_SERVERS) {
    refuse(name, "a number of DNS servers", dns.servers.length, `is more than ${MAX_SERVERS}`);
  }
  return { servers: dns.servers.slice(0, MAX_SERVERS).map((server) => server.slice(0, 64)), domain };
}
