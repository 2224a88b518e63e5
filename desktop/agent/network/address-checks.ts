import type { RelayMessage } from "../../../shared/protocol/control.ts";

/** How long a relay may take to answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** What a relay says of an address that this machine would like to have. */
export type Checked = Extract<RelayMessage, { type: "checked" }>;

/** Asks whether this machine may have an address (CIDR) in a network, by its VNI; undefined where the relay does not say. */
export type CheckAddress = (vni: number, cidr: string) => Promise<Checked | undefined>;

/** The questions of one connection that the relay has not answered yet (docs/protocol.md, `check`). */
export class AddressChecks {
  readonly #waiting = new Map<string, (answer: Checked | undefined) => void>();

  /**
   * Waits for the answer about an address; resolves to undefined once it is late, or the connection is gone.
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

  /** Takes an answer; one that is not waited for is ignored. */
  answered(checked: Checked): void {
    this.#waiting.get(`${checked.vni} ${checked.address}`)?.(checked);
  }

  /** The connection is gone. */
  close(): void {
    for (const resolve of [...this.#waiting.values()]) resolve(undefined);
  }
}
