/** A relay's store in memory, with networks and devices on them as enrolment creates them. */

import type { Network } from "../../../../relay/model/model.ts";
import { SqliteStore } from "../../../../relay/store/sqlite-store.ts";
import { Names } from "../../../../relay/tenants/names.ts";
import { type NetworkRequest, Tenants } from "../../../../relay/tenants/tenants.ts";

export class Office implements Disposable {
  readonly store = SqliteStore.open(":memory:");
  readonly tenants = new Tenants(this.store, () => this.now);
  readonly names = new Names(this.store);
  now = 1_000;
  #devices = 0;

  constructor() {
    this.tenants.createTenant("acme");
  }

  network(request: Partial<NetworkRequest> = {}): Network {
    return this.tenants.createNetwork("acme", { name: "office", subnet: "10.20.0.0/24", ...request });
  }

  /** Puts a new device on a network; returns its id and its addresses. */
  device(network: Network, name: string) {
    const id = `device-${++this.#devices}`;
    const { devices } = this.store;
    const publicKey = `key-${this.#devices}`;
    devices.create({ id, tenant: network.tenant, name, publicKey, createdAt: this.now++ });
    devices.enter(id, network.id);
    this.names.complete(network);
    return { id, ...this.tenants.addresses.give(network, id) };
  }

  [Symbol.dispose](): void {
    this.store.close();
  }
}
