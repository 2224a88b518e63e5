import type { Host } from "./lab/host.ts";
import type { Site } from "./lab/lab.ts";
import { linkLocal, neighbour, type PingResult, ping, receivedFrames, transfer } from "./measure.ts";
import type { Report } from "./report.ts";
import type { Player } from "./scene.ts";

const PINGS = 10;
/** How long to wait for answers that should come, even on a busy machine, and for answers that should not. */
const PATIENCE_SECONDS = 15;
const SILENCE_SECONDS = 1;
const TRANSFER_SECONDS = 3;

/** The demo's checks, each written to the report; `failures` counts those that failed. */
export class Checks {
  readonly #report: Report;
  readonly #options: { signal: AbortSignal };
  #failures = 0;

  constructor(report: Report, signal: AbortSignal) {
    this.#report = report;
    this.#options = { signal };
  }

  get failures(): number {
    return this.#failures;
  }

  /** Checks that a host reaches the relay's address, but no other host's. */
  async isBehindNat(site: Site, relayAddress: string, other: Site): Promise<void> {
    const out = await this.#ping(site.host, relayAddress, 3, PATIENCE_SECONDS);
    this.#tell(out.received > 0, `${site.name} reaches the internet: ping ${relayAddress}, ${describe(out)}`);
    const across = await this.#ping(site.host, other.wanAddress, 2, SILENCE_SECONDS);
    const what = `${site.name} can't reach ${other.name} directly: ping ${other.wanAddress}, ${describe(across)}`;
    this.#tell(across.received === 0, what);
  }

  /** Checks that one host resolves the other's MAC address by ARP. */
  async resolves(asking: Player, asked: Player): Promise<void> {
    const { host, client } = asking;
    // Earlier entries would prove nothing.
    await host.mustExec("ip", ["neigh", "flush", "dev", client.tap], this.#options);
    await this.#ping(host, asked.address, 1, PATIENCE_SECONDS);
    const mac = await neighbour(host, client.tap, asked.address, this.#options);
    const what = `${asking.name} asks who has ${asked.address}: ${mac ?? "no answer"}`;
    this.#tell(mac === asked.client.mac, `${what}${mac === asked.client.mac ? `, ${asked.name}'s TAP` : ""}`);
  }

  async answers(from: Player, to: Player): Promise<void> {
    const result = await this.#ping(from.host, to.address, PINGS, PATIENCE_SECONDS);
    this.#tell(isWhole(result), `${from.name} → ${to.name} (${to.address}): ${describe(result)}`);
  }

  async transfers(from: Player, to: Player): Promise<void> {
    const options = { ...this.#options, seconds: TRANSFER_SECONDS };
    const { bitsPerSecond, bytes, retransmits } = await transfer(from.host, to.host, to.address, options);
    const rate = `${(bitsPerSecond / 1e6).toFixed(0)} Mbit/s`;
    const rest = `${(bytes / 1e6).toFixed(0)} MB in ${TRANSFER_SECONDS} s, ${retransmits} retransmits`;
    this.#tell(bytes > 0, `${from.name} → ${to.name}: ${rate} (${rest})`);
  }

  /** Checks that IPv6 works as on a cable: neighbour discovery and link-local addresses, without configuration. */
  async answersLinkLocal(from: Player, to: Player): Promise<void> {
    const address = await linkLocal(to.host, to.client.tap, this.#options);
    await linkLocal(from.host, from.client.tap, this.#options);
    const result = await this.#ping(from.host, address, PINGS, PATIENCE_SECONDS, from.client.tap);
    this.#tell(isWhole(result), `${from.name} → ${to.name} (${address}): ${describe(result)}`);
  }

  /** Checks that none of the others' traffic reached a host, and that no other host answers it. */
  async isAlone(stranger: Player, others: readonly Player[]): Promise<void> {
    const { host, client, name } = stranger;
    for (const other of others) {
      const { received } = await this.#ping(host, other.address, 2, SILENCE_SECONDS);
      const mac = await neighbour(host, client.tap, other.address, this.#options);
      const answer = mac === undefined ? "no answer" : `${mac} answers`;
      this.#tell(received === 0 && mac === undefined, `${name} asks who has ${other.address}: ${answer}`);
    }
    for (const other of others) {
      const passed = await receivedFrames(other.host, other.client.tap, this.#options);
      this.#tell(passed > 0, `${other.name}'s ${other.client.tap} received ${passed} frames`);
    }
    const seen = await receivedFrames(host, client.tap, this.#options);
    this.#tell(seen === 0, `${name}'s ${client.tap} received ${seen} frames`);
  }

  #ping(host: Host, address: string, count: number, seconds: number, device?: string): Promise<PingResult> {
    const from = device === undefined ? {} : { interface: device };
    return ping(host, address, { ...this.#options, count, seconds, ...from });
  }

  #tell(good: boolean, text: string): void {
    if (!good) this.#failures += 1;
    this.#report[good ? "good" : "bad"](text);
  }
}

/** Returns whether nothing was lost: one more ping may be in flight at the last answer. */
function isWhole({ sent, received }: PingResult): boolean {
  return received === PINGS && sent <= PINGS + 1;
}

function describe({ sent, received, roundTrip }: PingResult): string {
  if (received === 0) return "no answer";
  const loss = sent === 0 ? 100 : Math.round((1 - received / sent) * 100);
  const time = roundTrip ? `, round trip ${roundTrip.average.toFixed(2)} ms` : "";
  return `${received} of ${sent} answered, ${loss} % loss${time}`;
}
