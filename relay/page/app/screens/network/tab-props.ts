import type { Network } from "../../../../../shared/api/resources/network.ts";
import type { NetworkApi } from "../../api/network-api.ts";
import type { TenantApi } from "../../api/tenant-api.ts";
import type { Traffic } from "./traffic.ts";

/** The properties of every tab of a network. */
export interface TabProps {
  readonly tenant: TenantApi;
  readonly api: NetworkApi;
  readonly network: Network;
  readonly traffic: Traffic;
  /** Reloads the network. */
  readonly reload: () => void;
}
