import { Fault, usage } from "../../../shared/values/fault.ts";
import { type Credentials, deviceCredentials, tokenCredentials } from "../../agent/identity/credentials.ts";
import { type DeviceStore, type EnrolledDevice, relayText } from "../../agent/identity/device-store.ts";
import { merged, type Reach } from "../../agent/reach/reach.ts";
import { noRelay, parseRelayUrl, type ReachOptions, reachOf } from "./relay-url.ts";

/** A relay, credentials and networks: one for each tunnel. */
export interface Access {
  readonly relay: URL;
  readonly reach: Reach;
  readonly credentials: Credentials;
  /** Names; none means all that the credentials allow. */
  readonly networks: readonly string[];
  /** Of an enrolled device: this machine may have several. */
  readonly tenant: string | undefined;
}

export interface AccessOptions extends ReachOptions {
  readonly relay?: string;
  readonly token?: string;
  readonly tenant?: string;
}

/**
 * Chooses what `laneway up` uses: the given token, or this machine's enrolled devices.
 *
 * @param names of networks; none means all
 * @throws Fault if something is missing, unknown or ambiguous
 */
export function chooseAccess(names: readonly string[], options: AccessOptions, store: DeviceStore): Access[] {
  const { relay: named, token, tenant } = options;
  const networks = [...new Set(names)];
  const relay = named === undefined ? undefined : parseRelayUrl(named);
  const reach = reachOf(options, relay);
  if (token === undefined) {
    return chooseDevices(networks, relay?.url, tenant, store).map((access) => ({
      ...access,
      reach: merged(access.reach, reach),
    }));
  }
  if (relay === undefined) throw noRelay();
  if (tenant !== undefined) {
    throw usage(
      "usage.tenant",
      `the tenant '${tenant}' is named beside a token`,
      "Leave --tenant out: a token is of one tenant.",
    );
  }
  return [{ relay: relay.url, reach, credentials: tokenCredentials(token), networks, tenant }];
}

function chooseDevices(
  networks: readonly string[],
  relay: URL | undefined,
  tenant: string | undefined,
  store: DeviceStore,
): Access[] {
  const all = store.enrolled();
  const devices = all.filter(
    (device) =>
      (relay === undefined || device.relay.href === relay.href) &&
      (tenant === undefined || device.tenant === tenant),
  );
  const [only, ...others] = devices;
  if (only === undefined) throw notEnrolled(all, relay, tenant);
  if (networks.length === 0) return devices.map((device) => access(device, []));
  const chosen = new Map<EnrolledDevice, string[]>();
  for (const name of networks) {
    // With a single device the relay decides: it may allow more networks now than at enrolment.
    const device = others.length === 0 ? only : oneWith(name, devices);
    chosen.set(device, [...(chosen.get(device) ?? []), name]);
  }
  return [...chosen].map(([device, names]) => access(device, names));
}

function access(
  { relay, reach, tenant, key, enrolment }: EnrolledDevice,
  networks: readonly string[],
): Access {
  const credentials = deviceCredentials({ relay, device: enrolment.device, key });
  return { relay, reach, credentials, networks, tenant };
}

function oneWith(network: string, devices: readonly EnrolledDevice[]): EnrolledDevice {
  const able = devices.filter(({ enrolment }) => enrolment.networks.some(({ name }) => name === network));
  const [device, ...others] = able;
  if (device === undefined) {
    const known = devices.map(
      (one) => `${one.enrolment.networks.map(({ name }) => name).join(", ")} (${place(one)})`,
    );
    throw new Fault({
      code: "network.unknown",
      message: `this device is not enrolled for a network '${network}'`,
      hint: `It is for: ${known.join("; ")}.`,
    });
  }
  if (others.length > 0) {
    throw usage(
      "usage.ambiguous",
      `there is a network '${network}' at ${able.map(place).join(" and at ")}`,
      "Choose one with --relay URL or --tenant NAME, or both.",
    );
  }
  return device;
}

function notEnrolled(
  all: readonly EnrolledDevice[],
  relay: URL | undefined,
  tenant: string | undefined,
): Fault {
  const where = [
    relay === undefined ? "" : ` at '${relay.href}'`,
    tenant === undefined ? "" : ` with tenant '${tenant}'`,
  ].join("");
  const known = all.length === 0 ? "" : ` (it is at ${all.map(place).join(" and at ")})`;
  return usage(
    "usage.not-enrolled",
    `no token is named, and this device is not enrolled${where}${known}`,
    "Open an invite with 'laneway join LINK', name its directory with --state DIR, or a token with --token TOKEN and its relay with --relay URL.",
  );
}

function place({ relay, tenant }: EnrolledDevice): string {
  return `${relayText(relay)}, tenant ${tenant}`;
}
