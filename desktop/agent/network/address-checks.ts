import type { RelayMessage } from "../../../shared/protocol/control.ts";

/** Maximum time for a relay's answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** The relay's answer about an address that this machine wants. */
export type Checked = Extract<RelayMessage, { type: "checked" }>;

/** Asks whether this machine may have an address (CIDR) in a network, by VNI; undefined without an answer. */
export type CheckAddress = (vni: number, cidr: string) => Promise<Checked | undefined>;

/** The requests of one connection that the relay has not answered yet (docs/protocol.md, `check`). */
export class AddressChecks {
  readonly #waiting = new Map<string, (answer: Checked | undefined) => void>();

  /**
   * Waits for the answer about an address; resolves to undefined on a timeout or a closed connection.
   *
   * @param address without a prefix length
   */
  async answer(vni: number, address: string): Promise<Checked | undefined> {
    const key = `${vni} ${address}`;
    const { promise, resolve } = Promise.withResolvers<Checked | undefined>();
    this.#waiting.get(key)?.(undefined);
    this.#waiting.set(key, resolve);
    const late = setTimeout(resolve, ANSWER_MS, undefined);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      if (this.#waiting.get(key) === resolve) this.#waiting.delete(key);
    }
  }

  /** Handles an answer; an unexpected one is ignored. */
  answered(checked: Checked): void {
    this.#waiting.get(`${checked.vni} ${checked.address}`)?.(checked);
  }

  /** Ends all waiting: the connection is gone. */
  close(): void {
    for (const resolve of [...this.#waiting.values()]) resolve(undefined);
  }
}
