import { isVlan, MAX_VLAN, UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import { usage } from "../../../shared/values/fault.ts";
import type { TrunkMember } from "../../agent/network/trunk-networks.ts";

/** Means {@link UNTAGGED_VLAN} on the command line. */
const UNTAGGED = "untagged";

const HINT = `Write VLAN ids (1 to ${MAX_VLAN}) and names of networks, like 10=lab,20=guests, and untagged=lan for frames without a tag.`;

/**
 * Reads the value of `--trunk`: `untagged=lan,10=lab,20=guests`. The option may be repeated.
 *
 * @param before values of earlier options
 * @throws Fault `usage.trunk`
 */
export function parseTrunk(text: string, before: readonly TrunkMember[] = []): readonly TrunkMember[] {
  const members = [...before];
  for (const part of text.split(",")) {
    const member = parseMember(part);
    for (const other of members) {
      if (other.vlan === member.vlan) {
        const what = member.vlan === UNTAGGED_VLAN ? "'untagged'" : `the VLAN id ${member.vlan}`;
        throw wrong(`${what} is mapped twice, to '${other.network}' and to '${member.network}'`);
      }
      if (other.network === member.network) throw wrong(`the network '${member.network}' is mapped twice`);
    }
    members.push(member);
  }
  return members;
}

function parseMember(part: string): TrunkMember {
  const [id = "", network = "", ...more] = part.split("=").map((side) => side.trim());
  if (id === "" || network === "" || more.length > 0) {
    throw wrong(`'${part}' does not map a VLAN id to a network`);
  }
  if (id === UNTAGGED) return { vlan: UNTAGGED_VLAN, network };
  const vlan = Number(id);
  // Accepts only plain decimal numbers: neither 0x0a nor 010 nor 1e1.
  if (!isVlan(vlan) || String(vlan) !== id) throw wrong(`'${id}' is not a VLAN id from 1 to ${MAX_VLAN}`);
  return { vlan, network };
}

function wrong(message: string): Error {
  return usage("usage.trunk", message, HINT);
}
