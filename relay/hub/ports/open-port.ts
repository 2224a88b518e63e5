import { type Cidr, parseCidr } from "../../../shared/frame/cidr.ts";
import { GRE_UDP_PORT } from "../../../shared/frame/encapsulation/gre.ts";
import { VXLAN_GPE_PORT, VXLAN_PORT } from "../../../shared/frame/encapsulation/vxlan.ts";
import { ETHERNET_HEADER_BYTES } from "../../../shared/frame/ethernet.ts";
import { isIpv6, parseHostPort } from "../../../shared/frame/host-port.ts";
import type { ReportContained } from "../../../shared/switch/containment.ts";
import type { MacBudget } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Underlay } from "../../underlay/underlay.ts";
import type { Router } from "../router/router.ts";
import type { GreConfig, NvgreConfig, PortConfig, VxlanConfig } from "./config.ts";
import type { OpenSocket, TunnelEndpoint } from "./endpoint.ts";
import type { Endpoints } from "./endpoints.ts";
import { GreEndpoint, GrePort, NvgrePort } from "./gre-port.ts";
import { RemoteTable } from "./remote-table.ts";
import { RoutedGre } from "./routed-gre.ts";
import type { UnderlayPort } from "./underlay-port.ts";
import { type PolicyAtHand, VxlanEndpoint, VxlanPort } from "./vxlan-port.ts";

export interface PortSurroundings {
  readonly underlay: Underlay;
  readonly endpoints: Endpoints;
  readonly policy: PolicyAtHand;
  /** MTU of the port's network, in bytes of a packet. */
  readonly networkMtu?: number | undefined;
  /** Budget for source addresses behind the port, inside those of its network and tenant. */
  readonly macs?: MacBudget | undefined;
  /** Returns the network's router when a port routes. @throws Fault `port.wire` if the network can have none */
  readonly router?: () => Router;
  /** Receives errors that cost a frame. */
  readonly report?: ReportContained | undefined;
  /** Monotonic seconds, with fractions. */
  readonly clock: () => number;
}

/** The visible state of a port, independent of its kind. */
export type RunningPort = Pick<
  UnderlayPort,
  "cut" | "frameBytes" | "meter" | "rxFrames" | "rxBytes" | "txFrames" | "txBytes" | "drops"
>;

/** A working port. */
export interface OpenPort {
  readonly port: RunningPort;
  /**
   * The remotes and the addresses behind them; undefined for a routed port, which has no hosts of the network behind
   * it.
   */
  readonly remotes: RemoteTable | undefined;
  /** Does periodic work. */
  tend(): void;
  /** Drops of its socket: packets that match none of the ports on it. */
  readonly endpoint: TunnelEndpoint;
  /** Leaves the network at once; resolves when its socket is closed, unless other ports still use it. */
  close(): Promise<void>;
}

/**
 * Opens a port and adds it to its segment.
 *
 * @throws Fault `port.listen`, `port.taken`, `port.interface`, `port.group`, `port.no-permission`, `port.unsupported`
 */
export function openPort(
  id: string,
  config: PortConfig,
  segment: Segment,
  surroundings: PortSurroundings,
): Promise<OpenPort> {
  switch (config.kind) {
    case "vxlan":
      return openVxlan(id, config, segment, surroundings);
    case "gre":
      return config.mode === "routed"
        ? openRoutedGre(id, config, segment, surroundings)
        : openGre(id, config, segment, surroundings);
    case "nvgre":
      return openNvgre(id, config, segment, surroundings);
  }
}

async function openVxlan(
  id: string,
  config: VxlanConfig,
  segment: Segment,
  surroundings: PortSurroundings,
): Promise<OpenPort> {
  const { underlay, endpoints, policy } = surroundings;
  const at = whereOf(config, config.gpe ? VXLAN_GPE_PORT : VXLAN_PORT);
  const used = await endpoints.use(
    `${config.gpe ? "gpe" : "vxlan"} ${at.host} ${at.port}`,
    () => new VxlanEndpoint(config.gpe),
    (received) => underlay.openUdp(at, { zeroChecksum: true }, received),
  );
  return await openOn(used, async (undo) => {
    const { endpoint } = used;
    const { socket } = endpoint;
    const membership =
      config.group === undefined
        ? undefined
        : await endpoint.join(parseHostPort(config.group)?.host ?? config.group, at.port, config.interface);
    if (membership !== undefined) undo.unshift(() => membership.leave());
    return new VxlanPort({
      ...shared(id, config, segment, surroundings),
      socket,
      remotes: new RemoteTable({
        remotes: config.remotes.map((text) => remoteOf(socket, text, at.port)),
        group: membership?.remote,
        learnUnknown: config.unknown_remotes ?? config.group !== undefined,
        floodLearnt: config.flood_learnt,
        toRemote: (address) => socket.remote(address, at.port),
      }),
      wireVni: config.wire_vni ?? segment.vni,
      gbp: config.gbp,
      gpe: config.gpe,
      policy,
    });
  });
}

async function openGre(
  id: string,
  config: GreConfig,
  segment: Segment,
  surroundings: PortSurroundings,
): Promise<OpenPort> {
  const used = await useGre(config, surroundings);
  return await openOn(used, () => {
    const { socket } = used.endpoint;
    const [remote] = config.remotes.map((text) => remoteOf(socket, text, used.udpPort));
    if (remote === undefined) throw new Error("a GRE port has a remote");
    return new GrePort({
      ...shared(id, config, segment, surroundings),
      socket,
      remotes: new RemoteTable({ remotes: [remote], learnUnknown: false, toRemote: () => remote }),
      remote: remote.address,
      key: config.key,
      checksum: config.checksum,
      sequence: config.sequence,
    });
  });
}

async function openRoutedGre(
  id: string,
  config: GreConfig,
  segment: Segment,
  surroundings: PortSurroundings,
): Promise<OpenPort> {
  const router = surroundings.router?.();
  if (router === undefined) throw new Error("there is no router");
  const { endpoint, release, udpPort } = await useGre(config, surroundings);
  const undo = [release];
  try {
    const { socket } = endpoint;
    const [remote] = config.remotes.map((text) => remoteOf(socket, text, udpPort));
    if (remote === undefined) throw new Error("a GRE port has a remote");
    const { key, checksum, sequence, mtu, clamp_mss: clampMss } = config;
    const { clock, report } = surroundings;
    const own = { id, vni: segment.vni, clock, report };
    const port = new RoutedGre({ ...own, router, socket, remote, key, checksum, sequence, mtu, clampMss });
    await port.findMtu();
    endpoint.attach(port);
    undo.unshift(async () => {
      port.close();
      router.remove(port);
      endpoint.detach(port);
    });
    router.add(port, cidrsOf(config.gateways), cidrsOf(config.routes));
    return { port, remotes: undefined, endpoint, tend() {}, close: () => runAll(undo) };
  } catch (error) {
    await runAll(undo);
    throw error;
  }
}

async function openNvgre(
  id: string,
  config: NvgreConfig,
  segment: Segment,
  surroundings: PortSurroundings,
): Promise<OpenPort> {
  const used = await useGre(config, surroundings);
  return await openOn(used, () => {
    const { socket } = used.endpoint;
    return new NvgrePort({
      ...shared(id, config, segment, surroundings),
      socket,
      remotes: new RemoteTable({
        remotes: config.remotes.map((text) => remoteOf(socket, text, used.udpPort)),
        learnUnknown: config.unknown_remotes,
        floodLearnt: config.flood_learnt,
        toRemote: (address) => socket.remote(address, used.udpPort),
      }),
      vsid: config.vsid,
    });
  });
}

/**
 * Makes a port on an endpoint and has it enter its segment.
 *
 * @param make adds to `undo`, in front, what is to be undone when the port closes or a step fails
 */
async function openOn<Kind extends UnderlayPort>(
  {
    endpoint,
    release,
  }: { readonly endpoint: TunnelEndpoint<NoInfer<Kind>>; readonly release: () => Promise<void> },
  make: (undo: (() => Promise<void>)[]) => Kind | Promise<Kind>,
): Promise<OpenPort> {
  const undo = [release];
  try {
    const port = await make(undo);
    endpoint.attach(port);
    undo.unshift(async () => endpoint.detach(port));
    await port.findMtu();
    port.enter();
    undo[0] = async () => {
      endpoint.detach(port);
      port.leave();
    };
    return { port, remotes: port.remotes, endpoint, tend: () => port.tend(), close: () => runAll(undo) };
  } catch (error) {
    await runAll(undo);
    throw error;
  }
}

/** Returns the endpoint of a GRE or NVGRE port, and the default UDP port of remotes; 0 directly over IP. */
async function useGre(config: GreConfig | NvgreConfig, { underlay, endpoints }: PortSurroundings) {
  const named = [config.listen, ...config.remotes].some(
    (text) => parseHostPort(text ?? "")?.port !== undefined,
  );
  const inUdp = config.over === undefined ? named : config.over === "udp";
  const at = whereOf(config, GRE_UDP_PORT);
  const open: OpenSocket = inUdp
    ? (received) => underlay.openUdp(at, { zeroChecksum: false }, received)
    : (received, caught) => underlay.openGre(at.host, received, caught);
  const key = inUdp ? `gre ${at.host} ${at.port}` : `gre ${at.host}`;
  const { endpoint, release } = await endpoints.use(key, () => new GreEndpoint(), open);
  return { endpoint, release, udpPort: inUdp ? at.port : 0 };
}

function shared(
  id: string,
  { mtu, clamp_mss, roles }: PortConfig,
  segment: Segment,
  { clock, networkMtu, macs, report }: PortSurroundings,
) {
  const networkFrameBytes = networkMtu === undefined ? undefined : networkMtu + ETHERNET_HEADER_BYTES;
  return {
    id,
    segment,
    mtu,
    networkFrameBytes,
    clampMss: clamp_mss,
    roles: new Set(roles),
    macs,
    report,
    clock,
  };
}

/** Returns where a port receives: by default on all addresses of the IP version of its remotes. */
function whereOf(config: PortConfig, defaultPort: number): { host: string; port: number } {
  const listen = parseHostPort(config.listen ?? "");
  const others = config.kind === "vxlan" ? [...config.remotes, config.group ?? ""] : config.remotes;
  const anywhere = others.some((text) => isIpv6(parseHostPort(text)?.host ?? "")) ? "::" : "0.0.0.0";
  return { host: listen?.host ?? anywhere, port: listen?.port ?? defaultPort };
}

/** Returns a remote, by default at the same port as ours. */
function remoteOf(socket: TunnelEndpoint["socket"], text: string, defaultPort: number) {
  const { host, port } = parseHostPort(text) ?? { host: text, port: undefined };
  return socket.remote(host, port ?? defaultPort);
}

function cidrsOf(texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

async function runAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps) await step();
}
