import type { Port } from "../port.ts";
import { AgedPorts } from "./aged-ports.ts";
import { OTHER_QUERIER_INTERVAL } from "./timers.ts";

/**
 * Ports with a multicast router behind them, which gets every report and every stream (RFC 4541 §2.1.1):
 * learnt from queries and from PIM hellos, and forgotten when neither comes any more.
 */
export class RouterPorts extends AgedPorts {
  /**
   * Notes a query of a router's; not one from 0.0.0.0, which is a switch's that asks for itself.
   *
   * @returns false where there was no room for the port
   */
  heardQuery(port: Port, now: number): boolean {
    return this.keep(port, now + OTHER_QUERIER_INTERVAL);
  }

  /**
   * Notes a PIM hello.
   *
   * @param holdSeconds how long it holds by its own word; a router that says 0 is going down, and is left to age
   * @returns false where there was no room for the port
   */
  heardHello(port: Port, holdSeconds: number, now: number): boolean {
    return holdSeconds === 0 || this.keep(port, now + holdSeconds);
  }
}
