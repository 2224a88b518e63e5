/** Checks combinations of options of `laneway up`. */

import { UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import { usage } from "../../../shared/values/fault.ts";
import { forOneNetwork, isForOneNetwork } from "../../agent/network/interfaces.ts";
import type { TrunkMember } from "../../agent/network/trunk-networks.ts";
import type { QemuAddress } from "../../agent/qemu/address.ts";
import type { Access } from "./choose-access.ts";

interface OwnOptions {
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly trunk?: readonly TrunkMember[];
  readonly qemu?: readonly QemuAddress[];
}

/** @throws Fault if options conflict with each other, or with the networks named */
export function checkNetworks(networks: readonly string[], options: OwnOptions): void {
  const { address, trunk } = options;
  if (trunk === undefined) {
    if (isForOneNetwork(options) && networks.length > 1) throw forOneNetwork();
    return;
  }
  if (options.qemu !== undefined) {
    throw usage(
      "usage.networks",
      "--qemu is for one network, and a trunk has several",
      "Run 'laneway up NETWORK --qemu …' beside it.",
    );
  }
  if (networks.length > 0) {
    throw usage(
      "usage.networks",
      `'${networks[0]}' is named beside --trunk, which names its networks itself`,
      "Add it to the trunk, or run 'laneway up' once for each.",
    );
  }
  if (address !== undefined && !trunk.some(({ vlan }) => vlan === UNTAGGED_VLAN)) {
    throw usage(
      "usage.networks",
      `--address ${address} is for the untagged network of a trunk, and this one has none`,
      "Leave it out, or map one with --trunk untagged=NETWORK.",
    );
  }
}

/** @throws Fault if options for one tunnel would apply to several */
export function checkAccesses(accesses: readonly Access[], options: OwnOptions): void {
  if (accesses.length < 2) return;
  if (options.trunk !== undefined) {
    throw usage(
      "usage.networks",
      "the networks of a trunk are all of one relay and tenant, and these are not",
      "Choose them with --relay URL or --tenant NAME, and run 'laneway up' once for each.",
    );
  }
  if (isForOneNetwork(options)) throw forOneNetwork();
}
