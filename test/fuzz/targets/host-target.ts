import { encode, type OptAnswer, type RecordType } from "dns-packet";
import { NetworkHub } from "../../../relay/hub/network-hub.ts";
import { hubAddress6 } from "../../../relay/model/address-pool.ts";
import { parseIpv6 } from "../../../shared/frame/address.ts";
import { encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { encodeIcmpEcho, encodeIcmpv6Echo } from "../../../shared/frame/ip/icmp.ts";
import { encodeIpv4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { encodeUdp } from "../../../shared/frame/ip/udp.ts";
import { hubMac } from "../../../shared/switch/policy/hub-policy.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Office } from "../../relay/hub/host/office.ts";
import { corpusFrames } from "../frames.ts";
import { seal } from "../seal.ts";
import type { Subject, Target } from "../subject.ts";
import { ClientPort, LONG_SECONDS, sendFrom } from "./port-subject.ts";

const CLIENT = 0x0200_0000_0002;
const [HUB4, CLIENT4] = [0x0a14_0001, 0x0a14_0002];
/** The network's own prefix, set when the store creates the office. */
const PREFIX6 = "fd12:3456:789a::/64";
const CLIENT6 = parseIpv6("fd12:3456:789a::2") ?? 0n;

/** Seconds between two packets: the rate that the hub accepts from one port. */
const PAUSE = 1 / 150;

/** The hub as a machine of a network with devices, which ping it and query names. */
class HostSubject implements Subject {
  readonly #office: Office;
  readonly #hub: NetworkHub;
  readonly #client = new ClientPort("client", new MacBudget(64));
  readonly #clock: { now: number };
  readonly #good: readonly Uint8Array[];
  /** Number of malformed packets. */
  #short = 0;

  constructor() {
    const clock = { now: 0 };
    this.#clock = clock;
    this.#office = new Office();
    const made = this.#office.network();
    const network = { ...made, prefix6: PREFIX6 };
    for (const name of ["laptop", "printer", "Laptop"]) this.#office.device(made, name);
    this.#hub = new NetworkHub({
      ...{ network, names: this.#office.names, roles: new Set() },
      ...{ clock: () => clock.now, noticed: () => {} },
    });
    this.#hub.segment.attach(this.#client);
    this.#good = toHub(hubMac(network.vni));
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    this.#clock.now += PAUSE;
    if (end < 14) {
      this.#short++;
      return;
    }
    // Addresses frames to the hub of this network, because the corpus does not know its VNI.
    if (chance % 8 > 0) bytes.set((this.#good[0] as Uint8Array).subarray(0, 6));
    if (chance % 4 > 0) seal(bytes, 14, end);
    sendFrom(this.#hub.segment, this.#client, bytes, end);
  }

  accounted(): number {
    return this.#short + this.#client.rxFrames;
  }

  failure(): unknown {
    const { drops } = this.#client;
    return drops.of("internal-error") > 0 ? "the hub contained an error" : undefined;
  }

  second(): void {
    this.#pass(1);
  }

  isAlive(): boolean {
    this.#pass(LONG_SECONDS);
    return this.#good.every((good) => {
      const before = this.#client.txFrames;
      sendFrom(this.#hub.segment, this.#client, good, good.length);
      this.#pass(1);
      return this.#client.txFrames > before;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#office[Symbol.dispose]();
  }

  #pass(seconds: number): void {
    this.#hub.segment.flush();
    this.#clock.now += seconds;
    this.#hub.tick();
    this.#hub.tick();
  }
}

/** Requests that the hub answers: pings and DNS queries, over both versions of IP. */
function toHub(mac: number): Uint8Array[] {
  const data = new Uint8Array(40);
  const [hub6, echo] = [hubAddress6(PREFIX6), { kind: "request" as const, identifier: 1, sequence: 2, data }];
  return [
    packet4(mac, PROTOCOL_ICMP, 48, (bytes, at) => encodeIcmpEcho(bytes, at, echo)),
    packet6(mac, PROTOCOL_ICMPV6, 48, (bytes, at) => encodeIcmpv6Echo(bytes, at, echo, CLIENT6, hub6)),
    ...QUESTIONS.flatMap((question) => {
      const size = 8 + question.length;
      const write = (bytes: Uint8Array, at: number | undefined) => {
        const ports = { sourcePort: 4_000, destinationPort: 53, payloadLength: question.length };
        const payload = encodeUdp(bytes, at, ports);
        if (payload !== undefined) bytes.set(question, payload);
        return payload;
      };
      return [packet4(mac, PROTOCOL_UDP, size, write), packet6(mac, PROTOCOL_UDP, size, write)];
    }),
  ];
}

const NAMES: readonly (readonly [string, RecordType])[] = [
  ["laptop.office.lan.internal", "A"],
  ["LAPTOP-2.office.lan.internal", "AAAA"],
  ["hub.office.lan.internal", "A"],
  ["office.lan.internal", "SOA"],
  ["nobody.office.lan.internal", "A"],
  ["2.0.20.10.in-addr.arpa", "PTR"],
  ["example.com", "MX"],
];

const OPT: OptAnswer = {
  ...{ type: "OPT", name: ".", udpPayloadSize: 1_232, extendedRcode: 0, ednsVersion: 0 },
  ...{ flags: 0, flag_do: false, options: [] },
};

const QUESTIONS = NAMES.map(([name, type], index) =>
  encode({
    ...{ type: "query", id: index, flags: 0x100, questions: [{ name, type }] },
    additionals: index % 2 === 0 ? [] : [OPT],
  }),
);

type Write = (bytes: Uint8Array, at: number | undefined) => number | undefined;

function packet4(mac: number, protocol: number, payloadLength: number, write: Write): Uint8Array {
  const bytes = new Uint8Array(34 + payloadLength);
  const header = { destination: mac, source: CLIENT, tags: [], etherType: 0x0800 };
  const fields = { source: CLIENT4, destination: HUB4, protocol, payloadLength };
  write(bytes, encodeIpv4(bytes, encodeEthernet(bytes, 0, header), fields));
  seal(bytes, 14, bytes.length);
  return bytes;
}

function packet6(mac: number, nextHeader: number, payloadLength: number, write: Write): Uint8Array {
  const bytes = new Uint8Array(54 + payloadLength);
  const header = { destination: mac, source: CLIENT, tags: [], etherType: 0x86dd };
  const fields = { source: CLIENT6, destination: hubAddress6(PREFIX6), nextHeader, payloadLength };
  write(bytes, encodeIpv6(bytes, encodeEthernet(bytes, 0, header), fields));
  seal(bytes, 14, bytes.length);
  return bytes;
}

/** Packets of a network's machines to the hub itself. */
export const HOST_TARGET: Target = {
  name: "host",
  corpus: [...toHub(0), ...corpusFrames()],
  open: async () => new HostSubject(),
};
