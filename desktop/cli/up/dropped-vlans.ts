import { RESERVED_VLAN, UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";

/** Maximum VLANs without a network that are reported, because machines behind a trunk may send with 4,094 IDs. */
const TOLD_VLANS = 16;

/** Reports each VLAN whose frames are dropped because no network is mapped to it. */
export function tellUnmapped(say: (line: string) => void): (vlan: number, tap: string) => void {
  let told = 0;
  return (vlan, tap) => {
    told++;
    if (told > TOLD_VLANS) return;
    say(`laneway: ${tap}: frames ${inVlan(vlan)} are dropped (no-vlan): --trunk has no network for them\n`);
  };
}

/** Reports how many frames were dropped. */
export function tellDropped(
  say: (line: string) => void,
  dropped: readonly (readonly [vlan: number, frames: number])[],
): void {
  if (dropped.length === 0) return;
  const frames = dropped.reduce((sum, [, count]) => sum + count, 0);
  const shown = dropped.slice(0, TOLD_VLANS).map(([vlan, count]) => `${count} ${inVlan(vlan)}`);
  const more = dropped.length > TOLD_VLANS ? ", …" : "";
  say(`laneway: ${frames} frames were dropped (no-vlan): ${shown.join(", ")}${more}\n`);
}

function inVlan(vlan: number): string {
  if (vlan === UNTAGGED_VLAN) return "without a tag";
  return vlan === RESERVED_VLAN ? "in no VLAN" : `of VLAN ${vlan}`;
}
