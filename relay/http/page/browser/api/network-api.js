/** @import * as Api from "./answers.ts" */
/** @import { Requests } from "./requests.js" */
import { path } from "./requests.js";

/** What is one network's. */
export class NetworkApi {
  #requests;
  #path;

  /**
   * @param {Requests} requests
   * @param {string} at the network's path
   */
  constructor(requests, at) {
    this.#requests = requests;
    this.#path = at;
  }

  /** @param {AbortSignal} signal */
  async get(signal) {
    return /** @type {Api.Network} */ (await this.#requests.get(this.#path, signal));
  }

  /**
   * @param {Partial<Api.Network["settings"]>} settings
   * @param {AbortSignal} signal
   */
  async change(settings, signal) {
    await this.#requests.send("PATCH", this.#path, { settings }, signal);
  }

  /** @param {AbortSignal} signal */
  async counters(signal) {
    return /** @type {Api.Rows<Api.Counter>} */ (await this.#requests.list(`${this.#path}/counters`, signal));
  }

  /** @param {AbortSignal} signal */
  async fdb(signal) {
    return /** @type {Api.Rows<Api.FdbEntry>} */ (await this.#requests.list(`${this.#path}/fdb`, signal));
  }

  /** @param {AbortSignal} signal */
  async groups(signal) {
    return /** @type {Api.Rows<Api.Group>} */ (await this.#requests.list(`${this.#path}/groups`, signal));
  }

  /** @param {AbortSignal} signal */
  async neighbours(signal) {
    return /** @type {Api.Rows<Api.Neighbour>} */ (
      await this.#requests.list(`${this.#path}/neighbours`, signal)
    );
  }

  /** @param {AbortSignal} signal */
  async addresses(signal) {
    return /** @type {Api.Rows<Api.Address>} */ (
      await this.#requests.list(`${this.#path}/addresses`, signal)
    );
  }

  /**
   * @param {string} address
   * @param {string | undefined} device none to keep it free
   * @param {AbortSignal} signal
   */
  async takeAddress(address, device, signal) {
    await this.#requests.send("POST", `${this.#path}/addresses`, { address, device }, signal);
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async releaseAddress(id, signal) {
    await this.#requests.send("DELETE", `${this.#path}/${path("addresses", id)}`, undefined, signal);
  }

  /**
   * What the hub would do with a frame.
   *
   * @param {string} from
   * @param {string} to
   * @param {AbortSignal} signal
   */
  async trace(from, to, signal) {
    const query = new URLSearchParams({ from, to });
    return /** @type {Api.TraceStep[]} */ (await this.#requests.get(`${this.#path}/trace?${query}`, signal));
  }
}
