import { randomBytes } from "node:crypto";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { Problem, Step } from "../../rpc/shapes.ts";
import type { Credentials } from "../identity/credentials.ts";
import { PLAIN, type Reach } from "../reach/reach.ts";
import { openTap } from "../tap/open.ts";
import { Refused, TunnelConnection } from "../tunnel/tunnel-connection.ts";
import { judgeEnd } from "../tunnel/tunnel-errors.ts";
import { attachedTaps, bridgesOf, checkBridges } from "./bridge-check.ts";
import { type Check, type Finding, runChecks } from "./checks.ts";
import { exchangeFullSize } from "./full-size.ts";
import { overlapOfOffers } from "./overlap-check.ts";
import { relayChecks, wayFailed } from "./relay-checks.ts";

/** Input of `laneway doctor`. */
export interface DoctorOptions {
  /** The relay's base URL; undefined if unknown. */
  readonly relay: URL | undefined;
  /** How to reach the relay. */
  readonly reach?: Reach;
  /** This machine's credentials, or the reason why they are not tried. */
  readonly credentials: Credentials | Finding;
  /** MTU of the network's interface, and the MTU that the relay offers; undefined if the network is not up. */
  readonly mtu?: { readonly tap: string; readonly actual: number | undefined; readonly offered: number };
  /** The TAP that this machine already has; it proves that TAPs work here. */
  readonly tap?: string | undefined;
  /** The TAP's problem, as its keeper reports it. */
  readonly tapProblem?: Problem | undefined;
  /** Checks the network for overlaps with this machine's other networks; without it, the relay's offer is checked. */
  readonly overlap?: ((signal: AbortSignal) => Promise<Finding> | Finding) | undefined;
  /** Asks another member for an answer. */
  readonly peer: (signal: AbortSignal) => Promise<Finding> | Finding;
}

/**
 * Runs the checks in order, from this machine to another member: `tap`, `bridge` (if the TAP is in one), `dns`,
 * `reach`, `tls`, `websocket`, `auth`, `mtu`, `overlap`, `peer`.
 *
 * @returns whether none failed
 * @throws the signal's reason when aborted
 */
export async function doctor(
  options: DoctorOptions,
  progress: (step: Step) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const tap: Check = { id: "tap", run: (either) => checkTap(options, either) };
  const { relay } = options;
  const bridges = bridgesOf(options.tap === undefined ? attachedTaps() : [options.tap]);
  const bridge: Check = { id: "bridge", run: (either) => checkBridges(bridges, either) };
  const local = bridges.length === 0 ? [tap] : [tap, bridge];
  const rest = relay === undefined ? withoutRelay() : withRelay(relay, options);
  return await runChecks([...local, ...rest], progress, signal);
}

/** The relay's `welcome`, or the reason why there is none. */
interface Welcomed {
  networks: readonly NetworkOffer[];
  relay: readonly string[];
}

function withRelay(relay: URL, options: DoctorOptions): Check[] {
  const seen: Welcomed = { networks: [], relay: [] };
  const { reach = PLAIN } = options;
  return [
    ...relayChecks(relay, reach),
    {
      id: "auth",
      needs: ["websocket"],
      run: (signal) => checkAccess(relay, reach, options.credentials, seen, signal),
    },
    { id: "mtu", needs: ["websocket"], run: (signal) => checkMtu(relay, reach, options.mtu, signal) },
    { id: "overlap", run: options.overlap ?? ((signal) => checkOverlap(seen, signal)) },
    { id: "peer", needs: ["auth"], run: options.peer },
  ];
}

function withoutRelay(): Check[] {
  const found: Finding = {
    state: "skipped",
    detail: "no relay is known",
    hint: "Open an invite with 'laneway join LINK', or name the relay with --relay URL.",
  };
  return ["dns", "reach", "tls", "websocket", "auth", "mtu", "overlap", "peer"].map((id) => ({
    id,
    run: () => found,
  }));
}

async function checkTap({ tap, tapProblem }: DoctorOptions, signal: AbortSignal): Promise<Finding> {
  if (tapProblem !== undefined) return { state: "fail", detail: tapProblem.message, hint: tapProblem.hint };
  if (tap !== undefined) return { state: "pass", detail: `${tap} is there` };
  try {
    // A reserved name, so that names of networks stay free.
    const device = await openTap({ name: `lwd${randomBytes(4).toString("hex")}`, signal });
    await device.close();
    return { state: "pass", detail: "a TAP can be made here" };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    return { state: "fail", detail: error.message, hint: error.hint };
  }
}

async function checkAccess(
  relay: URL,
  reach: Reach,
  credentials: Credentials | Finding,
  seen: Welcomed,
  signal: AbortSignal,
): Promise<Finding> {
  if ("state" in credentials) return credentials;
  try {
    const connection = await TunnelConnection.open({
      relay,
      reach,
      credentials,
      offload: false,
      framing: "own",
      signal,
      control: () => {},
    });
    seen.networks = connection.welcome.networks;
    seen.relay = connection.relayAddresses;
    const names = connection.welcome.networks.map(({ name }) => name);
    connection.close();
    if (names.length > 0) {
      return { state: "pass", detail: `the ${credentials.kind} is accepted for ${names.join(", ")}` };
    }
    const detail = `the ${credentials.kind} is accepted, but opens no network`;
    return { state: "fail", detail, hint: credentials.moreNetworks };
  } catch (error) {
    if (!(error instanceof Refused)) return wayFailed(relay, error, signal);
    return wayFailed(relay, judgeEnd(relay, credentials, error.end).fault, signal);
  }
}

async function checkOverlap({ networks, relay }: Welcomed, signal: AbortSignal): Promise<Finding> {
  if (networks.length > 0) return await overlapOfOffers(networks, relay, signal);
  return { state: "skipped", detail: "the networks' addresses are unknown without access" };
}

async function checkMtu(
  relay: URL,
  reach: Reach,
  mtu: DoctorOptions["mtu"],
  signal: AbortSignal,
): Promise<Finding> {
  if (mtu?.actual !== undefined && mtu.actual !== mtu.offered) {
    return {
      state: "fail",
      detail: `${mtu.tap} has an MTU of ${mtu.actual}, but its network ${mtu.offered}`,
      hint: `Keep other programs from changing it, and restore it: sudo ip link set ${mtu.tap} mtu ${mtu.offered}.`,
    };
  }
  let bytes: number | undefined;
  try {
    bytes = await exchangeFullSize(relay, reach, signal);
  } catch (error) {
    return wayFailed(relay, error, signal);
  }
  if (bytes === undefined) {
    return {
      state: "fail",
      detail: "small packets reach the relay and come back, but full-size packets do not",
      hint: "The path's MTU is smaller than announced: lower the MTU of the interface to the internet, first to 1400.",
    };
  }
  const whole = `packets of full size pass both ways (${bytes} bytes came)`;
  if (mtu === undefined) return { state: "pass", detail: whole };
  return {
    state: "pass",
    detail: `${mtu.tap} has ${mtu.offered}; ${whole}`,
    value: mtu.offered,
    unit: "bytes",
  };
}
