import type * as Api from "./answers.ts";
import { path, type Requests } from "./requests.ts";

/** What is one network's. */
export class NetworkApi {
  #requests;
  #path;

  /** @param at the network's path */
  constructor(requests: Requests, at: string) {
    this.#requests = requests;
    this.#path = at;
  }

  async get(signal: AbortSignal) {
    return (await this.#requests.get(this.#path, signal)) as Api.Network;
  }

  async change(settings: Partial<Api.Network["settings"]>, signal: AbortSignal) {
    await this.#requests.send("PATCH", this.#path, { settings }, signal);
  }

  async counters(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/counters`, signal)) as Api.Rows<Api.Counter>;
  }

  async fdb(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/fdb`, signal)) as Api.Rows<Api.FdbEntry>;
  }

  async groups(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/groups`, signal)) as Api.Rows<Api.Group>;
  }

  async neighbours(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/neighbours`, signal)) as Api.Rows<Api.Neighbour>;
  }

  async addresses(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/addresses`, signal)) as Api.Rows<Api.Address>;
  }

  /** @param device none to keep it free */
  async takeAddress(address: string, device: string | undefined, signal: AbortSignal) {
    await this.#requests.send("POST", `${this.#path}/addresses`, { address, device }, signal);
  }

  async releaseAddress(id: string, signal: AbortSignal) {
    await this.#requests.send("DELETE", `${this.#path}/${path("addresses", id)}`, undefined, signal);
  }

  /** What the hub would do with a frame. */
  async trace(from: string, to: string, signal: AbortSignal) {
    const query = new URLSearchParams({ from, to });
    return (await this.#requests.get(`${this.#path}/trace?${query}`, signal)) as Api.TraceStep[];
  }
}
