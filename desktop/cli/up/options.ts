import type { Framing } from "../../../system/websocket/framing.ts";
import type { TrunkMember } from "../../agent/network/trunk-networks.ts";
import type { QemuAddress } from "../../agent/qemu/address.ts";
import type { AccessOptions } from "./choose-access.ts";

/** Options of `laneway up`. */
export interface UpOptions extends AccessOptions {
  readonly state?: string;
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly offload: boolean;
  readonly trunk?: readonly TrunkMember[];
  /** Whether the network may overlap with what this machine reaches otherwise. */
  readonly allowOverlap?: boolean;
  /** Listening addresses for virtual machines. */
  readonly qemu?: readonly QemuAddress[];
  /** Whether to run in this process even if an agent runs. */
  readonly foreground?: boolean;
  readonly websocket?: Framing;
  readonly json?: boolean;
}
