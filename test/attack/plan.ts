/** What the programs of a run are told about the relay: JSON in their one argument. */

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
  /** Opens this network alone. */
  readonly token: string;
}

/** What the attacker's tenant has. */
export interface AttackerTenant {
  readonly tenant: string;
  /** Of its administrator. */
  readonly adminToken: string;
  /** Opens all its networks. */
  readonly token: string;
  /** Without a subnet. */
  readonly open: NetworkPlan;
  /** With a subnet, {@link GIVEN_SUBNET}, of which the hub has the first address. */
  readonly given: NetworkPlan;
  /** For two members alone. */
  readonly pair: NetworkPlan;
  readonly tunnels: TunnelPlan;
}

/** UDP ports of the relay's ends of tunnels at 127.0.0.1, and of the far ends at {@link FAR_END}. */
export interface TunnelPlan {
  /** Bridged into `open`; learns remotes that were not named. */
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
/** Bytes of a packet that fit the routed tunnel: what is larger is cut. */
export const ROUTED_MTU = 600;

/** What one attacker does. */
export interface AttackPlan {
  readonly kind: string;
  readonly url: string;
  readonly seed: number;
  readonly seconds: number;
  /** Whether to leave the processor to all others. */
  readonly yields: boolean;
  /** What bystanders' frames are known by, in hex. */
  readonly marks: readonly string[];
  readonly attacker: AttackerTenant;
}
