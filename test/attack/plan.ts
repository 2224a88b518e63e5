/** The description of the relay for the programs of a run: JSON in their one argument. */

/** One bystander tenant. */
export interface TenantPlan {
  readonly tenant: string;
  readonly vni: number;
  readonly token: string;
}

export interface BystanderPlan {
  readonly url: string;
  readonly seed: number;
  readonly tenants: readonly TenantPlan[];
}

/** A network of the attacker's tenant. */
export interface NetworkPlan {
  readonly name: string;
  readonly vni: number;
  /** A token for this network alone. */
  readonly token: string;
}

/** The attacker's tenant. */
export interface AttackerTenant {
  readonly tenant: string;
  /** Its administrator's token. */
  readonly adminToken: string;
  /** A token for all its networks. */
  readonly token: string;
  /** A network without a subnet. */
  readonly open: NetworkPlan;
  /** A network with a subnet, {@link GIVEN_SUBNET}; the hub has its first address. */
  readonly given: NetworkPlan;
  /** A network for two members alone. */
  readonly pair: NetworkPlan;
  readonly tunnels: TunnelPlan;
}

/** UDP ports of the relay's ends of tunnels at 127.0.0.1, and of the far ends at {@link FAR_END}. */
export interface TunnelPlan {
  /** Bridged into `open`; learns unlisted remotes. */
  readonly vxlan: number;
  /** Bridged into `open`. */
  readonly nvgre: number;
  /** Bridged into `open`. */
  readonly gre: number;
  /** Routed between `given` and {@link ROUTED_SUBNET}. */
  readonly routed: number;
  readonly farEnd: number;
}

export const GIVEN_SUBNET = "10.66.0.0/16";
export const ROUTED_SUBNET = "10.77.0.0/16";
export const GIVEN_GATEWAY = "10.66.0.1";
export const WIRE_VNI = 7_001;
export const WIRE_VSID = 5_001;
export const FAR_END = "127.0.3.1";
/** Bytes of a packet that fit the routed tunnel; the hub fragments larger ones. */
export const ROUTED_MTU = 600;

/** The task of one attacker. */
export interface AttackPlan {
  readonly kind: string;
  readonly url: string;
  readonly seed: number;
  readonly seconds: number;
  /** Whether to run with the lowest priority. */
  readonly yields: boolean;
  /** The marks of bystanders' frames, in hex. */
  readonly marks: readonly string[];
  readonly attacker: AttackerTenant;
}
