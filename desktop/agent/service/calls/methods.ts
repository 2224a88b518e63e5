import { hostname } from "node:os";
import { parseInviteLink } from "../../../../shared/api/invite-link.ts";
import { parseIpv4 } from "../../../../shared/frame/address.ts";
import { parseCidr } from "../../../../shared/frame/cidr.ts";
import { formatMac, isUsableSource, parseMac } from "../../../../shared/frame/mac.ts";
import { Fault, usage } from "../../../../shared/values/fault.ts";
import type { GivenParams, Method, Result, Topic } from "../../../rpc/schema.ts";
import type { Settings } from "../../../rpc/shapes.ts";
import { relayText } from "../../identity/device-store.ts";
import { enrol, notAnInvite } from "../../identity/enrol.ts";
import { agentDoctor } from "../../jobs/agent-doctor.ts";
import { capturePort } from "../../jobs/capture.ts";
import { testMember } from "../../jobs/member-test.ts";
import { wakeFrames } from "../../network/wake-frames.ts";
import { NO_PROXY, parseProxy, proxyText } from "../../reach/proxy.ts";
import { merged } from "../../reach/reach.ts";
import { noCertificate, readCertificates } from "../../reach/trust.ts";
import { checkName } from "../../tap/faults.ts";
import type { Agent } from "../agent.ts";
import type { Jobs } from "../jobs.ts";
import type { ManagedNetwork } from "../networks/managed-network.ts";
import { report } from "../networks/report.ts";
import type { RelayAdmin } from "./relay-admin.ts";

/** The caller, as far as methods need it. */
export interface RpcCaller {
  readonly jobs: Jobs;
  /** Aborted when the caller disconnects. */
  readonly signal: AbortSignal;
  readonly mayChange: boolean;
  follow(topics: readonly Topic[]): void;
}

export interface MethodDependencies {
  readonly agent: Agent;
  readonly admin: RelayAdmin;
  /** The agent's version. */
  readonly version: string;
}

/** All methods except `hello`, which the connection answers. */
export type Methods = {
  readonly [M in Exclude<Method, "hello">]: (
    given: GivenParams<M>,
    caller: RpcCaller,
  ) => Result<M> | Promise<Result<M>>;
};

/** Returns the agent's methods. */
export function agentMethods({ agent, admin, version }: MethodDependencies): Methods {
  return {
    status: () => ({ networks: agent.status() }),
    peers: async (ref) => {
      const network = agent.find(ref);
      await network.measure();
      return { id: network.id, peers: network.peers.peers };
    },
    subscribe: ({ topics }, caller) => {
      if (topics.includes("logs") && !caller.mayChange) throw forbidden("logs");
      caller.follow(topics);
      return {};
    },
    join: async ({ link, name = hostname(), ...way }, { signal }) => {
      checkWay(way);
      const invite = parseInviteLink(link);
      if (invite === undefined) throw notAnInvite();
      const { tenant, secret, login, zone } = invite;
      const known = agent.reachTo(invite.relay);
      const device = await enrol({
        relay: new URL(invite.relay),
        reach: { ...merged(known, { login, zone, ...way }), ...agent.usual },
        tenant,
        secret,
        name,
        store: agent.devices,
        signal,
      });
      const { enrolment } = device;
      const networks = agent.enrolled(device);
      agent.log.add("info", "device.enrolled", `this machine is '${enrolment.name}' with tenant ${tenant}`);
      return {
        device: enrolment.device,
        name: enrolment.name,
        tenant,
        relay: relayText(device.relay),
        networks: networks.map((one) => ({ id: one.id, name: one.name, vni: one.vni ?? 0 })),
      };
    },
    up: async ({ network, tenant, relay, ...request }) => {
      const { tap, address, mac } = request;
      checkWay(request);
      if (tap !== undefined) checkName(tap);
      if (address !== undefined && address !== "none" && parseCidr(address) === undefined)
        throw badCidr(address);
      const given = { ...request, mac: mac === undefined ? undefined : formatMac(readMachineMac(mac)) };
      return { network: (await agent.up({ network, tenant, relay }, given)).status() };
    },
    down: async ({ network, ...place }) => {
      const networks = await agent.down(network === undefined ? undefined : { network, ...place });
      return { networks: networks.map((one) => one.status()) };
    },
    leave: async (ref) => ({ id: await agent.leave(ref) }),
    "autostart.set": ({ autostart, ...ref }) => ({ network: agent.setAutostart(ref, autostart).status() }),
    "settings.get": () => shown(agent.state.settings),
    "settings.set": (change) => {
      const { proxy } = change;
      if (proxy !== undefined && proxy !== null) checkWay({ proxy });
      const before = shown(agent.state.settings);
      // As it was shown, without user and password: these stay.
      const same = proxy !== undefined && proxy === before.proxy;
      const { log_level = before.log_level } = change;
      agent.state.settings = {
        ...agent.state.settings,
        log_level,
        ...(proxy !== undefined && !same && { proxy }),
      };
      agent.log.level = log_level;
      agent.save();
      if (proxy !== undefined && !same) agent.retry();
      return shown(agent.state.settings);
    },
    logs: (filter) => ({ entries: agent.log.entries(filter) }),
    report: () => ({ text: report(agent, version) }),
    wake: ({ mac, ...ref }) => {
      const { local } = running(agent.find(ref));
      const own = parseIpv4(local.addresses().ipv4[0]?.split("/")[0] ?? "") ?? 0;
      for (const frame of wakeFrames(local.overlay.mac, readMachineMac(mac), own)) local.inject(frame);
      return {};
    },
    doctor: ({ network, proxy, ca, ...place }, { jobs }) => {
      checkWay({ proxy, ca });
      const about = network === undefined ? undefined : agent.find({ network, ...place });
      const subject = { network: about, relay: place.relay, way: { proxy, ca } };
      return { job: jobs.start((job) => agentDoctor(agent, subject, job)) };
    },
    test: (given, { jobs }) => {
      const { network } = running(agent.find(given));
      return { job: jobs.start((job) => testMember(network, given, job)) };
    },
    "capture.start": ({ seconds, ...ref }, { jobs }) => {
      const { network } = running(agent.find(ref));
      return { job: jobs.start((job) => capturePort(network, seconds, job)) };
    },
    "capture.stop": ({ job }, { jobs }) => {
      jobs.stop(job);
      return {};
    },
    cancel: ({ job }, { jobs }) => {
      jobs.cancel(job);
      return {};
    },
    "admin.set": async ({ relay, token, ...way }) => {
      checkWay(way);
      await admin.set(relay, token, way);
      return {};
    },
    "admin.list": () => ({ relays: admin.relays().map((relay) => ({ relay })) }),
    "network.create": (given) => admin.createNetwork(given),
    "invite.create": (given) => admin.createInvite(given),
  };
}

/** Hides the proxy's user and password, because every caller may ask. */
function shown({ log_level, proxy = null }: Settings): Settings {
  return { log_level, proxy: proxy === null || proxy === NO_PROXY ? proxy : proxyText(parseProxy(proxy)) };
}

/** @throws Fault `usage.proxy`, `usage.ca` */
function checkWay({ proxy, ca }: { proxy?: string | undefined; ca?: string | undefined }): void {
  if (proxy !== undefined && proxy !== NO_PROXY) parseProxy(proxy);
  if (ca !== undefined && readCertificates(ca).length === 0) throw noCertificate("what is given");
}

/** Returns the fault for a read-only caller. */
export function forbidden(what: string): Fault {
  return new Fault({
    code: "agent.forbidden",
    message: `you are not allowed to call '${what}'`,
    hint: "Only root and members of the group 'laneway' may change things. Add a user with: sudo usermod -aG laneway USER",
  });
}

function running(network: ManagedNetwork) {
  const { local } = network;
  if (local !== undefined) return { network, local };
  throw new Fault({
    code: "network.not-up",
    message: `network '${network.name}' is not up`,
    hint: `Bring it up with 'laneway up ${network.name}'.`,
  });
}

function readMachineMac(text: string): number {
  const value = parseMac(text);
  if (value !== undefined && isUsableSource(value)) return value;
  throw usage(
    "usage.mac",
    `'${text}' is not the MAC address of a machine`,
    "Write it as 02:00:00:00:00:01; its first byte has to be even.",
  );
}

function badCidr(text: string): Fault {
  return usage(
    "usage.cidr",
    `'${text}' is not a CIDR`,
    "Write an address and a prefix length, like 10.20.0.7/24, or none.",
  );
}
