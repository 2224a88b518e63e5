import type { Port } from "../port.ts";
import { AgedPorts } from "./aged-ports.ts";
import { OTHER_QUERIER_INTERVAL } from "./timers.ts";

/**
 * Ports with a multicast router behind them, which gets every report and every stream (RFC 4541 §2.1.1). Learnt from
 * queries and PIM hellos, and forgotten when both stop.
 */
export class RouterPorts extends AgedPorts {
  /**
   * Notes a router's query. The caller leaves out queries from 0.0.0.0, which switches send for themselves.
   *
   * @returns false if there was no room for the port
   */
  heardQuery(port: Port, now: number): boolean {
    return this.keep(port, now + OTHER_QUERIER_INTERVAL);
  }

  /**
   * Notes a PIM hello.
   *
   * @param holdSeconds its holdtime; a router that says 0 is going down and is left to age
   * @returns false if there was no room for the port
   */
  heardHello(port: Port, holdSeconds: number, now: number): boolean {
    return holdSeconds === 0 || this.keep(port, now + holdSeconds);
  }
}
