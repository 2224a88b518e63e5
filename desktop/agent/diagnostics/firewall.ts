/** What a machine's firewall does with frames that a bridge passes from one of its ports to another. */

/** Who a frame is for, as far as rules of a firewall ask. */
export interface Passing {
  readonly protocol: "ip" | "ip6";
  /** The interfaces that rules see: the bridge itself in tables of IP, its ports in those of bridges. */
  readonly from: string;
  /** Undefined where there is no other port yet. */
  readonly to: string | undefined;
}

export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface Rule {
  /** Says which it is, to a person: its text, or its handle. */
  readonly name: string;
  /** What the rule decides for a frame; undefined where it does not concern it, or decides nothing. */
  verdict(passing: Passing): Verdict | undefined;
}

export interface Chain {
  readonly family: "ip" | "ip6" | "inet" | "bridge";
  readonly table: string;
  readonly name: string;
  /** The command of iptables that changes the table, such as `iptables-legacy`; undefined where `nft` lists it. */
  readonly command?: string;
  /** Whether frames that are forwarded begin here. */
  readonly isForwardHook: boolean;
  readonly policy: "accept" | "drop";
  readonly rules: readonly Rule[];
}

/** Where a frame is dropped. */
export interface Drop {
  readonly chain: Chain;
  /** The rule that does it, which may be in a chain further on; undefined where it is the policy of the chain. */
  readonly rule: Rule | undefined;
}

/** Chains within chains: the kernel allows 16 (NFT_JUMP_STACK_SIZE). */
const MAX_DEPTH = 16;
/** Rules looked at for one frame: chains that call one another may be walked many times. */
const MAX_STEPS = 200_000;

/**
 * Finds what drops a frame that no particular rule is made for: it begins a flow, and conditions on addresses, ports and the
 * like are taken as not met. The hook's chains all have to let it pass.
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

  /** What becomes of the frame in a chain; undefined where that decides nothing. */
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

/** Legacy tables of iptables have names that those of nft may have too. */
function keyOf({ family, table, command }: Chain, name: string): string {
  return JSON.stringify([command, family, table, name]);
}

/** Whether a chain's table has a chain of that name. */
export function hasChain(chains: readonly Chain[], beside: Chain, name: string): boolean {
  return chains.some((chain) => chain.name === name && keyOf(chain, "") === keyOf(beside, ""));
}

/** Whether an interface's name is the one that a rule names, which may end in the wildcard of nft (`*`) or iptables (`+`). */
export function isNamed(name: string | undefined, pattern: string, wildcard: "*" | "+"): boolean {
  if (name === undefined) return false;
  return pattern.endsWith(wildcard) ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
