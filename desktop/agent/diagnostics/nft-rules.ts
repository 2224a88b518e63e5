/** Parses the output of `nft --json list ruleset` (libnftables-json(5)), as far as it concerns forwarded frames. */
import { type Chain, type FirewallVerdict, isNamed, type Passing, type Rule } from "./firewall.ts";

type Json = Readonly<Record<string, unknown>>;

const FAMILIES: ReadonlySet<unknown> = new Set(["ip", "ip6", "inet", "bridge"]);

/**
 * Returns the chains of a ruleset. Unknown statements of rules are left out, because they do not decide.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseNft(text: string): Chain[] {
  const document: unknown = JSON.parse(text);
  const objects = isObject(document) && Array.isArray(document["nftables"]) ? document["nftables"] : [];
  const chains = new Map<string, Chain & { readonly rules: Rule[] }>();
  for (const object of objects as unknown[]) {
    const { chain, rule } = isObject(object) ? object : {};
    if (isObject(chain) && FAMILIES.has(chain["family"]))
      chains.set(keyOf(chain, chain["name"]), toChain(chain));
    if (isObject(rule)) chains.get(keyOf(rule, rule["chain"]))?.rules.push(toRule(rule));
  }
  return [...chains.values()];
}

function keyOf(object: Json, name: unknown): string {
  return JSON.stringify([object["family"], object["table"], name]);
}

function toChain(chain: Json): Chain & { readonly rules: Rule[] } {
  return {
    family: chain["family"] as Chain["family"],
    table: String(chain["table"]),
    name: String(chain["name"]),
    isForwardHook: chain["hook"] === "forward",
    policy: chain["policy"] === "drop" ? "drop" : "accept",
    rules: [],
  };
}

function toRule(rule: Json): Rule {
  const statements = Array.isArray(rule["expr"]) ? (rule["expr"] as unknown[]).filter(isObject) : [];
  return {
    name: `the rule with handle ${rule["handle"]}`,
    verdict(passing) {
      for (const statement of statements) {
        if (isCondition(statement)) {
          if (!isMet(statement, passing)) return undefined;
          continue;
        }
        const verdict = verdictOf(statement, passing);
        if (verdict !== undefined) return verdict;
      }
      return undefined;
    },
  };
}

/** Kinds of statements on which the rest of the rule depends. */
const CONDITIONS = ["match", "limit", "quota", "ct count"];

function isCondition(statement: Json): boolean {
  const { xt } = statement;
  return CONDITIONS.some((kind) => kind in statement) || (isObject(xt) && xt["type"] === "match");
}

function isMet({ match, xt }: Json, passing: Passing): boolean {
  // nft prints only the name of this iptables match. A forwarding chain that uses it means bridged frames.
  if (isObject(xt)) return xt["name"] === "physdev" || xt["name"] === "comment";
  if (!isObject(match)) return false;
  const values = valuesOf(match["right"]);
  const found = values?.some((value) => isSame(match["left"], value, passing));
  // An unknown condition counts as not met, negated or not.
  if (found === undefined || !isKnown(match["left"])) return false;
  return match["op"] === "!=" ? !found : found;
}

/** Returns the values compared with; undefined for a named set, whose content is not listed here. */
function valuesOf(right: unknown): readonly unknown[] | undefined {
  if (isObject(right)) return Array.isArray(right["set"]) ? (right["set"] as unknown[]) : undefined;
  if (Array.isArray(right)) return right as unknown[];
  return typeof right === "string" && right.startsWith("@") ? undefined : [right];
}

const INTERFACES: ReadonlyMap<unknown, "from" | "to"> = new Map([
  ["iif", "from"],
  ["iifname", "from"],
  ["oif", "to"],
  ["oifname", "to"],
]);

function isKnown(left: unknown): boolean {
  if (!isObject(left)) return false;
  const { meta, ct, payload } = left;
  if (isObject(meta))
    return INTERFACES.has(meta["key"]) || ["nfproto", "protocol"].includes(String(meta["key"]));
  if (isObject(ct)) return ct["key"] === "state";
  return isObject(payload) && payload["protocol"] === "ether" && payload["field"] === "type";
}

function isSame(left: unknown, value: unknown, passing: Passing): boolean {
  if (!isObject(left)) return false;
  const { meta, ct } = left;
  if (isObject(meta)) {
    const side = INTERFACES.get(meta["key"]);
    if (side !== undefined) return isNamed(passing[side], String(value), "*");
    if (meta["key"] === "nfproto") return value === (passing.protocol === "ip" ? "ipv4" : "ipv6");
  }
  // The first frame of a flow.
  if (isObject(ct)) return value === "new";
  return value === passing.protocol;
}

function verdictOf(statement: Json, passing: Passing): FirewallVerdict | undefined {
  const { jump, goto, xt, vmap } = statement;
  if ("accept" in statement) return { kind: "accept" };
  // A program of this machine decides, so the outcome is unknown here.
  if ("queue" in statement) return { kind: "accept" };
  if ("drop" in statement || "reject" in statement) return { kind: "drop" };
  if ("return" in statement) return { kind: "return" };
  if (isObject(jump)) return { kind: "jump", chain: String(jump["target"]) };
  if (isObject(goto)) return { kind: "goto", chain: String(goto["target"]) };
  if (isObject(xt)) return ["REJECT", "DROP"].includes(String(xt["name"])) ? { kind: "drop" } : undefined;
  return isObject(vmap) ? mapped(vmap, passing) : undefined;
}

/** Returns a map's verdict for the frame; the entry `*` is the default. */
function mapped({ key, data }: Json, passing: Passing): FirewallVerdict | undefined {
  const entries = isObject(data) && Array.isArray(data["set"]) ? (data["set"] as unknown[]) : [];
  const pairs = entries.filter(
    (entry): entry is [unknown, Json] => Array.isArray(entry) && isObject(entry[1]),
  );
  const own = isKnown(key) ? pairs.find(([value]) => isSame(key, value, passing)) : undefined;
  const [, verdict] = own ?? pairs.find(([value]) => value === "*") ?? [];
  return verdict === undefined ? undefined : verdictOf(verdict, passing);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
