import { unknown } from "../model/faults.ts";
import { type Actor, type Network, type PortRecord, RELAY } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";

/** The configured ports of networks on the underlay, as stored. */
export class KeptPorts {
  readonly #store: Store;
  readonly #audit: AuditLog;

  constructor(store: Store, audit: AuditLog) {
    this.#store = store;
    this.#audit = audit;
  }

  /** Returns the ports of all networks, in order of creation. */
  all(): PortRecord[] {
    return this.#store.ports.all();
  }

  /** Stores a port. @throws Fault `network.unknown` */
  keep(port: PortRecord, by: Actor = RELAY): void {
    const { id, tenant, network } = port;
    if (this.#store.network(tenant, network) === undefined) throw unknown("network", network);
    this.#audit.change({ tenant, by, action: "port.create", object: `${network} ${id}` }, () =>
      this.#store.ports.create(port),
    );
  }

  /** Deletes a port. @throws Fault `port.unknown` if the network has no port with this id */
  forget(network: Network, id: string, by: Actor = RELAY): void {
    const change = { tenant: network.tenant, by, action: "port.delete", object: `${network.name} ${id}` };
    this.#audit.change(change, () => {
      if (!this.#store.ports.delete(network.id, id)) throw unknown("port", id);
    });
  }
}
