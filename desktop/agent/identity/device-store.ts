import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../../shared/values/fault.ts";
import { createPrivate, makePrivateDirectory, writePrivate } from "../../../system/private-file.ts";
import { PLAIN, type ReachRecord, reachRecord } from "../reach/reach.ts";
import { DeviceKey } from "./device-key.ts";

const record = z.object({
  version: z.literal(1),
  relay: z.url({ protocol: /^https?$/ }),
  tenant: z.string(),
  private_key: z.string(),
  /** Absent until the relay has answered. */
  device: z.string().optional(),
  name: z.string().optional(),
  networks: z.array(z.object({ name: z.string(), vni: z.number() })).default([]),
  reach: reachRecord.default({}),
});

/** A network that a device may use, as the relay said at enrolment. */
export interface KnownNetwork {
  readonly name: string;
  readonly vni: number;
}

/** The relay's answer to an enrolment. */
export interface StoredEnrolment {
  /** The relay's ID of the device. */
  readonly device: string;
  readonly name: string;
  readonly networks: readonly KnownNetwork[];
}

/** This machine's identity at one tenant of one relay. */
export interface StoredDevice {
  /** The relay's base URL; see {@link relayBase}. */
  readonly relay: URL;
  readonly tenant: string;
  readonly key: DeviceKey;
  /** The reach given at enrolment. */
  readonly reach: Readonly<ReachRecord>;
  /** Undefined while the key exists but the relay has not answered yet. */
  readonly enrolment: StoredEnrolment | undefined;
}

/** A device that a relay has enrolled. */
export type EnrolledDevice = StoredDevice & { readonly enrolment: StoredEnrolment };

/** The devices of a state directory: one file for each relay and tenant, readable only by its owner. */
export class DeviceStore {
  readonly #stateDirectory: string;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
  }

  /**
   * Returns this machine's device at that relay and tenant. The first call creates its key and stores it before use, so
   * that a retry after a lost answer enrols the same key.
   *
   * @throws Fault `state.unwritable`, `state.corrupt`
   */
  take(relay: URL, tenant: string): StoredDevice {
    const device = {
      relay: relayBase(relay),
      tenant,
      key: DeviceKey.generate(),
      reach: PLAIN,
      enrolment: undefined,
    };
    const file = this.file(relay, tenant);
    const made = this.#writing(() => {
      makePrivateDirectory(this.#directory);
      return createPrivate(file, serialize(device));
    });
    return made ? device : this.#read(file);
  }

  /** Stores the relay's answer for a device. @throws Fault `state.unwritable` */
  save(device: EnrolledDevice): void {
    this.#writing(() => writePrivate(this.file(device.relay, device.tenant), serialize(device)));
  }

  /**
   * Removes a network of a device; with the last network, also the device and its key.
   *
   * @throws Fault `state.unwritable`
   */
  withdraw(device: EnrolledDevice, network: string): void {
    const networks = device.enrolment.networks.filter(({ name }) => name !== network);
    if (networks.length > 0) return this.save({ ...device, enrolment: { ...device.enrolment, networks } });
    this.#writing(() => rmSync(this.file(device.relay, device.tenant), { force: true }));
  }

  /** Returns all enrolled devices, sorted by relay and tenant. @throws Fault `state.unreadable`, `state.corrupt` */
  enrolled(): EnrolledDevice[] {
    let names: string[];
    try {
      names = readdirSync(this.#directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw unreadable(this.#directory, error);
    }
    return names
      .filter((name) => name.endsWith(".json"))
      .map((name) => this.#read(join(this.#directory, name)))
      .filter((device): device is EnrolledDevice => device.enrolment !== undefined)
      .sort((one, other) => compare(one.relay.href, other.relay.href) || compare(one.tenant, other.tenant));
  }

  /** Returns the path of that relay and tenant's device. */
  file(relay: URL, tenant: string): string {
    const digest = createHash("sha256")
      .update(`${relayBase(relay).href}\n${tenant}`)
      .digest("hex");
    return join(this.#directory, `${digest.slice(0, 32)}.json`);
  }

  get #directory(): string {
    return join(this.#stateDirectory, "devices");
  }

  #read(file: string): StoredDevice {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      throw unreadable(file, error);
    }
    try {
      return parse(text);
    } catch {
      // Without the cause: parser messages quote their input, which contains a key.
      throw new Fault({
        code: "state.corrupt",
        message: `'${file}' is not a device's record`,
        hint: "Restore a copy of it, or move it away and enrol again with 'laneway join LINK'.",
      });
    }
  }

  #writing<Result>(write: () => Result): Result {
    try {
      return write();
    } catch (error) {
      throw new Fault({
        code: "state.unwritable",
        message: `the state directory '${this.#stateDirectory}' can't be used: ${error instanceof Error ? error.message : error}`,
        hint: "Name one that this user may write, with --state DIR.",
        cause: error,
      });
    }
  }
}

/** Returns a relay's canonical base URL, to store and compare: without query, fragment and trailing slashes. */
export function relayBase(relay: URL): URL {
  const base = new URL(relay.origin);
  base.pathname = relay.pathname.replace(/\/+$/, "");
  return base;
}

/** Returns the relay's base URL as people write it. */
export function relayText(relay: URL): string {
  return relay.href.replace(/\/+$/, "");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function parse(text: string): StoredDevice {
  const { relay, tenant, private_key, device, name, networks, reach } = record.parse(JSON.parse(text));
  return {
    relay: relayBase(new URL(relay)),
    tenant,
    key: DeviceKey.fromPkcs8(private_key),
    reach,
    enrolment: device === undefined ? undefined : { device, name: name ?? "", networks },
  };
}

function serialize({ relay, tenant, key, reach, enrolment }: StoredDevice): string {
  const kept: z.input<typeof record> = {
    version: 1,
    relay: relayText(relay),
    tenant,
    ...(enrolment === undefined ? {} : { ...enrolment, networks: [...enrolment.networks] }),
    ...(Object.keys(reach).length === 0 ? {} : { reach }),
    private_key: key.toPkcs8(),
  };
  return `${JSON.stringify(kept, undefined, 2)}\n`;
}

function unreadable(path: string, cause: unknown): Fault {
  return new Fault({
    code: "state.unreadable",
    message: `'${path}' can't be read: ${cause instanceof Error ? cause.message : cause}`,
    hint: "Run as the user who joined, or name another directory with --state DIR.",
    cause,
  });
}
