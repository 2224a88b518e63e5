/** Parses the output of `iptables -S` and `ip6tables -S` for the table `filter` (iptables(8)). */
import { type Chain, type FirewallVerdict, isNamed, type Passing, type Rule } from "./firewall.ts";

const HOOK = "FORWARD";

/** Returns the chains of the table. @param command the command that printed it */
export function parseIptables(text: string, family: "ip" | "ip6", command: string): Chain[] {
  const chains = new Map<string, Chain & { readonly rules: Rule[] }>();
  for (const line of text.split("\n")) {
    const [option = "", name = "", ...rest] = words(line);
    if (option === "-P" || option === "-N") {
      const policy = option === "-P" && rest[0] === "DROP" ? "drop" : "accept";
      const isForwardHook = name === HOOK;
      chains.set(name, { family, table: "filter", name, command, isForwardHook, policy, rules: [] });
    } else if (option === "-A") {
      chains.get(name)?.rules.push(toRule(line, rest));
    }
  }
  return [...chains.values()];
}

/** Splits a line at spaces; a text in double quotes, such as a comment, is one word. */
function words(line: string): string[] {
  return (line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/s, "$1"));
}

type Condition = (passing: Passing) => boolean;

/** Options whose argument has no meaning of its own: the extension's options follow. */
const WITHOUT_MEANING = new Set(["-m", "--comment"]);

function toRule(line: string, args: readonly string[]): Rule {
  const conditions: Condition[] = [];
  let verdict: FirewallVerdict | undefined;
  for (let at = 0; at < args.length; at++) {
    const isNegated = args[at] === "!";
    const option = (isNegated ? args[++at] : args[at]) ?? "";
    if (option === "--physdev-is-bridged") {
      if (isNegated) conditions.push(() => false);
      continue;
    }
    const argument = args[++at] ?? "";
    if (option === "-j" || option === "-g") {
      verdict = toVerdict(option, argument);
      // The options of the target follow.
      break;
    }
    if (!WITHOUT_MEANING.has(option)) conditions.push(toCondition(option, argument, isNegated));
  }
  return {
    name: `the rule '${line}'`,
    verdict: (passing) => (conditions.every((isMet) => isMet(passing)) ? verdict : undefined),
  };
}

/** An unknown condition counts as not met, negated or not. */
function toCondition(option: string, argument: string, isNegated: boolean): Condition {
  switch (option) {
    case "-i":
      return ({ from }) => isNamed(from, argument, "+") !== isNegated;
    case "-o":
      return ({ to }) => isNamed(to, argument, "+") !== isNegated;
    case "--ctstate":
    case "--state":
      // The first frame of a flow.
      return () => argument.split(",").includes("NEW") !== isNegated;
    default:
      return () => false;
  }
}

function toVerdict(option: "-j" | "-g", target: string): FirewallVerdict | undefined {
  switch (target) {
    case "ACCEPT":
    // A program of this machine decides, so the outcome is unknown here.
    case "NFQUEUE":
      return { kind: "accept" };
    case "DROP":
    case "REJECT":
      return { kind: "drop" };
    case "RETURN":
      return { kind: "return" };
    default:
      // Targets that decide nothing, such as LOG, are not found as chains.
      return { kind: option === "-g" ? "goto" : "jump", chain: target };
  }
}
