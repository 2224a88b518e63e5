import type { Address } from "../../../../shared/api/resources/address.ts";
import type { FdbEntry } from "../../../../shared/api/resources/fdb.ts";
import type { Counter, Group, Neighbour, TraceStep } from "../../../../shared/api/resources/live.ts";
import type { Network } from "../../../../shared/api/resources/network.ts";
import { path, type Requests, type Rows } from "./requests.ts";

/** The API of one network. */
export class NetworkApi {
  #requests;
  #path;

  /** @param at the network's path */
  constructor(requests: Requests, at: string) {
    this.#requests = requests;
    this.#path = at;
  }

  async get(signal: AbortSignal) {
    return (await this.#requests.get(this.#path, signal)) as Network;
  }

  async change(settings: Partial<Network["settings"]>, signal: AbortSignal) {
    await this.#requests.send("PATCH", this.#path, { settings }, signal);
  }

  async counters(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/counters`, signal)) as Rows<Counter>;
  }

  async fdb(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/fdb`, signal)) as Rows<FdbEntry>;
  }

  async groups(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/groups`, signal)) as Rows<Group>;
  }

  async neighbours(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/neighbours`, signal)) as Rows<Neighbour>;
  }

  async addresses(signal: AbortSignal) {
    return (await this.#requests.list(`${this.#path}/addresses`, signal)) as Rows<Address>;
  }

  /** @param device omitted to keep the address free */
  async takeAddress(address: string, device: string | undefined, signal: AbortSignal) {
    await this.#requests.send("POST", `${this.#path}/addresses`, { address, device }, signal);
  }

  async releaseAddress(id: string, signal: AbortSignal) {
    await this.#requests.send("DELETE", `${this.#path}/${path("addresses", id)}`, undefined, signal);
  }

  /** Returns what the hub would do with a frame. */
  async trace(from: string, to: string, signal: AbortSignal) {
    const query = new URLSearchParams({ from, to });
    return (await this.#requests.get(`${this.#path}/trace?${query}`, signal)) as TraceStep[];
  }
}
