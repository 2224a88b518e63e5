/** Decides what a machine's firewall does with frames that a bridge forwards between its ports. */

/** A forwarded frame, as far as firewall rules can match it. */
export interface Passing {
  readonly protocol: "ip" | "ip6";
  /** The interfaces that rules see: the bridge itself in IP tables, its ports in bridge tables. */
  readonly from: string;
  /** Undefined if there is no other port yet. */
  readonly to: string | undefined;
}

export type FirewallVerdict =
  | { readonly kind: "accept" | "drop" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface Rule {
  /** The rule's text or handle, for people. */
  readonly name: string;
  /** Returns the rule's verdict for a frame; undefined if it does not match, or decides nothing. */
  verdict(passing: Passing): FirewallVerdict | undefined;
}

export interface Chain {
  readonly family: "ip" | "ip6" | "inet" | "bridge";
  readonly table: string;
  readonly name: string;
  /** The iptables command that changes the table, such as `iptables-legacy`; undefined if `nft` lists it. */
  readonly command?: string;
  /** Whether forwarded frames enter the ruleset here. */
  readonly isForwardHook: boolean;
  readonly policy: "accept" | "drop";
  readonly rules: readonly Rule[];
}

/** The place where a frame is dropped. */
export interface Drop {
  readonly chain: Chain;
  /** The rule that drops it, possibly in a chain further on; undefined if the chain's policy does. */
  readonly rule: Rule | undefined;
}

/** Nested chains: the kernel allows 16 (NFT_JUMP_STACK_SIZE). */
const MAX_DEPTH = 16;
/** Rules evaluated for one frame; chains that call each other may be walked many times. */
const MAX_STEPS = 200_000;

/**
 * Finds what drops a frame without special rules: the frame starts a flow, and conditions on addresses, ports and the
 * like do not match. All chains of the hook must let it pass.
 *
 * @param families the tables that such a frame goes through
 */
export function findDrop(
  chains: readonly Chain[],
  families: readonly Chain["family"][],
  passing: Passing,
): Drop | undefined {
  const walk = new Walk(chains, passing);
  for (const chain of chains) {
    if (!chain.isForwardHook || !families.includes(chain.family)) continue;
    const ended = walk.through(chain, 0);
    if (ended?.kind === "drop") return { chain, rule: ended.rule };
    if (ended === undefined && chain.policy === "drop") return { chain, rule: undefined };
  }
  return undefined;
}

interface Ended {
  readonly kind: "accept" | "drop";
  readonly rule: Rule;
}

class Walk {
  readonly #chains: ReadonlyMap<string, Chain>;
  readonly #passing: Passing;
  #steps = 0;

  constructor(chains: readonly Chain[], passing: Passing) {
    this.#chains = new Map(chains.map((chain) => [keyOf(chain, chain.name), chain]));
    this.#passing = passing;
  }

  /** Returns the outcome for the frame in a chain; undefined if the chain decides nothing. */
  through(chain: Chain, depth: number): Ended | undefined {
    if (depth > MAX_DEPTH) return undefined;
    for (const rule of chain.rules) {
      if (++this.#steps > MAX_STEPS) return undefined;
      const verdict = rule.verdict(this.#passing);
      if (verdict === undefined) continue;
      if ("chain" in verdict) {
        const next = this.#chains.get(keyOf(chain, verdict.chain));
        const ended = next === undefined ? undefined : this.through(next, depth + 1);
        if (ended !== undefined || verdict.kind === "goto") return ended;
        continue;
      }
      return verdict.kind === "return" ? undefined : { kind: verdict.kind, rule };
    }
    return undefined;
  }
}

/** Legacy iptables tables may have the same names as nft tables. */
function keyOf({ family, table, command }: Chain, name: string): string {
  return JSON.stringify([command, family, table, name]);
}

/** Returns whether a chain's table has a chain of that name. */
export function hasChain(chains: readonly Chain[], beside: Chain, name: string): boolean {
  return chains.some((chain) => chain.name === name && keyOf(chain, "") === keyOf(beside, ""));
}

/** Returns whether an interface's name matches a rule's, which may end in a wildcard of nft (`*`) or iptables (`+`). */
export function isNamed(name: string | undefined, pattern: string, wildcard: "*" | "+"): boolean {
  if (name === undefined) return false;
  return pattern.endsWith(wildcard) ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
