/** Checks whether a network's addresses overlap with addresses or routes that this machine already has. */
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { overlapProblems } from "../interface/overlap-watch.ts";
import { readLinks } from "../system/state.ts";
import { hasIpv6 } from "../tap/link.ts";
import { judgeInterface } from "../trust/interface.ts";
import { readMachine } from "../trust/machine.ts";
import { problemOf } from "../trust/refusal.ts";
import type { Finding } from "./checks.ts";

/** Returns the finding for a network that is up. @param warnings the network's own */
export function overlapOfNetwork(tap: string | undefined, warnings: readonly Problem[]): Finding {
  const first = warnings.find(({ code }) => code === "interface.overlap" || code === "relay.refused-value");
  if (first !== undefined) return { state: "fail", detail: first.message, hint: first.hint };
  return { state: "pass", detail: `nothing else on this machine has ${tap ?? "the network"}'s addresses` };
}

/** Returns the finding for networks that are offered but not up. @param relay its addresses */
export async function overlapOfOffers(
  offers: readonly NetworkOffer[],
  relay: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  for (const offer of offers) {
    const asked = { address: undefined, allowOverlap: false, tap: undefined };
    const ipv6 = hasIpv6(offer.mtu);
    const { refusals } = await judgeInterface({ ...asked, offer, ipv6, relay, signal });
    const [first] = refusals.map(({ fault }) => problemOf(fault));
    if (first !== undefined) return { state: "fail", detail: first.message, hint: first.hint };
  }
  const names = offers.map(({ name }) => name).join(", ");
  return { state: "pass", detail: `nothing on this machine overlaps with ${names}` };
}

/** Returns the finding for another process's interface, by its addresses. */
export async function overlapOfInterface(tap: string, signal: AbortSignal): Promise<Finding> {
  const link = (await readLinks(signal)).find(({ name }) => name === tap);
  const addresses = link?.addresses.filter(({ scope }) => scope === "global").map(({ cidr }) => cidr) ?? [];
  if (addresses.length === 0) {
    return {
      state: "skipped",
      detail: `${tap} has no address`,
      hint: "See the output of its 'laneway up': an address that overlaps with another interface is not set.",
    };
  }
  const machine = await readMachine({ except: tap, signal });
  return overlapOfNetwork(tap, overlapProblems(`on ${tap}`, tap, addresses, machine));
}
