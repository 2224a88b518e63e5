import type { PortRole } from "../../shared/switch/port.ts";
import type { GivenAddresses, Network } from "./model.ts";

/** What a credential opens. */
export interface Grant {
  /** The id of the token, where it is one. */
  readonly token: string | undefined;
  /** The device, where it is one; its name is what its tenant knows it by. */
  readonly device: { readonly id: string; readonly name: string } | undefined;
  readonly tenant: string;
  readonly networks: readonly Network[];
  readonly roles: ReadonlySet<PortRole>;
  /** By the networks' ids. */
  readonly addresses: ReadonlyMap<number, GivenAddresses>;
  /** Number of MAC addresses that a session may have, by the ids of those networks where its token or invite says so. */
  readonly macs: ReadonlyMap<number, number>;
  readonly expiresAt: number | undefined;
}

/** What was withdrawn; sessions that stand on it end. */
export type Revocation =
  | { readonly kind: "token"; readonly id: string }
  | { readonly kind: "admin"; readonly id: string }
  | { readonly kind: "device"; readonly id: string }
  | { readonly kind: "network"; readonly id: number }
  | { readonly kind: "tenant"; readonly name: string };
