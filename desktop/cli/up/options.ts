import type { Framing } from "../../../system/websocket/framing.ts";
import type { TrunkMember } from "../../agent/network/trunk-networks.ts";
import type { QemuAddress } from "../../agent/qemu/address.ts";
import type { AccessOptions } from "./choose-access.ts";

/** What `laneway up` takes. */
export interface UpOptions extends AccessOptions {
  readonly state?: string;
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly offload: boolean;
  readonly trunk?: readonly TrunkMember[];
  /** The network may take what this machine reaches in other ways. */
  readonly allowOverlap?: boolean;
  /** Where virtual machines connect. */
  readonly qemu?: readonly QemuAddress[];
  /** Not through the agent, also where one runs. */
  readonly foreground?: boolean;
  readonly websocket?: Framing;
  readonly json?: boolean;
}
