import { parseRelayAddress, type RelayAddress, withoutLogins } from "../../../../shared/api/relay-address.ts";
import { Fault, usage } from "../../../../shared/values/fault.ts";
import { relayText } from "../../identity/device-store.ts";
import type { ManagedNetwork } from "./managed-network.ts";

/** A caller's reference to a network; see `networkRef` of rpc/shapes.ts. */
export interface GivenRef {
  readonly network: string;
  readonly tenant?: string | undefined;
  readonly relay?: string | undefined;
}

/**
 * Finds the network that a reference means.
 *
 * @throws Fault `network.unknown`, `network.ambiguous`, `usage.relay`
 */
export function findNetwork(networks: readonly ManagedNetwork[], ref: GivenRef): ManagedNetwork {
  const { network: name, tenant } = ref;
  const relay = ref.relay === undefined ? undefined : relayText(readRelay(ref.relay).url);
  const byId = networks.find(({ id }) => id === name);
  if (byId !== undefined) return byId;
  const [found, ...others] = networks.filter(
    ({ kept }) =>
      kept.network === name &&
      (tenant === undefined || kept.tenant === tenant) &&
      (relay === undefined || kept.relay === relay),
  );
  if (found === undefined) {
    const known = [...new Set(networks.map(({ kept }) => kept.network))].join(", ");
    throw new Fault({
      code: "network.unknown",
      message: `this machine is not enrolled for a network '${name}'`,
      hint: known === "" ? "Open an invite with 'laneway join LINK'." : `It is for: ${known}.`,
    });
  }
  if (others.length === 0) return found;
  const places = [found, ...others].map(({ kept }) => `${kept.relay}, tenant ${kept.tenant ?? "of a token"}`);
  throw new Fault({
    code: "network.ambiguous",
    message: `there is a network '${name}' at ${places.join(" and at ")}`,
    hint: "Choose one with --relay URL or --tenant NAME, or both.",
    exitCode: 2,
  });
}

/** Reads a caller's name for a relay. @throws Fault `usage.relay` */
export function readRelay(text: string): RelayAddress {
  const relay = parseRelayAddress(text);
  if (relay !== undefined) return relay;
  throw usage(
    "usage.relay",
    `'${withoutLogins(text)}' is not an http(s) URL`,
    "Write it as https://relay.example.",
  );
}
