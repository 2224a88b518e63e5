import { type Cidr, overlaps, parseCidr } from "../../../shared/frame/cidr.ts";
import type { Problem } from "../../rpc/shapes.ts";
import type { LocalNetwork } from "../network/local-network.ts";
import { type SystemWatcher, system } from "../system/watcher.ts";
import { formatNetwork } from "../trust/address.ts";
import type { JudgedInterface } from "../trust/interface.ts";
import { type MachineState, readMachine } from "../trust/machine.ts";

/** What a network asks about the rest of the machine. */
export interface OverlapOptions {
  /** Whether the network may overlap with what this machine reaches otherwise; then nothing is reported. */
  readonly allowOverlap: boolean;
  /** Judges the network's values by the machine's current state. */
  judge(): Promise<JudgedInterface>;
  readonly signal: AbortSignal;
  readonly watcher?: SystemWatcher;
}

/**
 * Watches whether a network's addresses overlap with a LAN that this machine joined later, and whether a refused
 * address would be accepted now.
 */
export class OverlapWatch {
  readonly #network: LocalNetwork;
  readonly #options: OverlapOptions;
  readonly #unlisten: () => void;
  #underlay: string | undefined;
  #problems: readonly Problem[];
  #looking = false;
  #again = false;
  #isClosed = false;

  /** @param first problems found before the addresses were set */
  constructor(network: LocalNetwork, options: OverlapOptions, first: readonly Problem[]) {
    this.#network = network;
    this.#options = options;
    this.#problems = first;
    this.#unlisten = options.allowOverlap
      ? () => {}
      : (options.watcher ?? system).listen({
          changed: ({ underlay }) => {
            const before = this.#underlay;
            this.#underlay = underlay;
            if (before !== underlay) void this.#look();
          },
        });
  }

  /** The current problems of the network's addresses. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  close(): void {
    this.#isClosed = true;
    this.#unlisten();
  }

  async #look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#again && !this.#isClosed) {
        this.#again = false;
        await this.#lookOnce();
      }
    } catch {
      // A failed reading is repeated with the next change.
    } finally {
      this.#looking = false;
    }
  }

  async #lookOnce(): Promise<void> {
    const network = this.#network;
    const { signal, judge } = this.#options;
    const { tap, address, address6 } = network.overlay;
    const machine = await readMachine({ except: tap?.name, signal });
    const found = overlapProblems(network.offer.name, tap?.name, [address, address6], machine);
    if (this.#isClosed) return;
    const before = this.#problems;
    this.#problems = found;
    for (const problem of found) {
      if (before.some(({ message }) => message === problem.message)) continue;
      network.interfaceNews?.({ kind: "fault", message: problem.message, problem });
    }
    if (found.length === 0 && before.length > 0) {
      const message = `network '${network.offer.name}' no longer overlaps with another interface`;
      network.interfaceNews?.({ kind: "put-back", message });
    }
    if (network.given.refusals.length === 0 || (address !== undefined && address6 !== undefined)) return;
    const now = await judge();
    const isMore = (now.address ?? address) !== address || (now.address6 ?? address6) !== address6;
    if (isMore && !this.#isClosed) network.outdated?.();
  }
}

/**
 * Returns the problems of an interface's addresses that overlap with what this machine has or reaches otherwise.
 *
 * @param addresses CIDRs
 * @param machine without the interface itself
 */
export function overlapProblems(
  network: string,
  tap: string | undefined,
  addresses: readonly (string | undefined)[],
  machine: MachineState,
): Problem[] {
  return addresses.flatMap((text) => {
    const cidr = text === undefined ? undefined : parseCidr(text);
    return cidr === undefined ? [] : overlapProblem(network, tap, cidr, machine);
  });
}

function overlapProblem(
  network: string,
  tap: string | undefined,
  cidr: Cidr,
  { claims }: MachineState,
): Problem[] {
  const claim = claims.find((one) => overlaps(one.cidr, cidr));
  if (claim === undefined) return [];
  const on = tap === undefined ? "" : ` on ${tap}`;
  return [
    {
      code: "interface.overlap",
      message: `network '${network}' has ${formatNetwork(cidr)}${on}, which overlaps: ${claim.what}; you can't reach the machines of one of the two`,
      hint: `Have the network's operator choose another subnet, or use another LAN. 'laneway up ${network} --address none' gives the interface no address, and --allow-overlap says that it is meant so.`,
    },
  ];
}
