import { unknown } from "../model/faults.ts";
import type { Store } from "../store/store.ts";

/** Checks that a tenant exists. @throws Fault `tenant.unknown` */
export function demandTenant(store: Store, name: string): void {
  if (!store.hasTenant(name)) throw unknown("tenant", name);
}
