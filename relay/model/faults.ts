import { Fault } from "../../shared/values/fault.ts";

/** The kinds of objects, as the command line calls them. */
export type Kind = "tenant" | "network" | "token" | "admin" | "invite" | "device" | "address" | "port";

/** The fault of a request that came too often. */
export class RateLimited extends Fault {
  /** Seconds after which to try again. */
  readonly seconds: number;

  /**
   * Creates the fault.
   *
   * @param remedy what else to do, behind "Try again in 3 s"
   */
  constructor(seconds: number, message: string, remedy?: string) {
    const hint = `Try again in ${seconds} s${remedy === undefined ? "" : `, ${remedy}`}.`;
    super({ code: "rate.limited", message, hint });
    this.seconds = seconds;
  }
}

/** Returns the same fault whether the object does not exist or belongs to another tenant. */
export function unknown(kind: Kind, name: string): Fault {
  return new Fault({
    code: `${kind}.unknown`,
    message: `there is no ${kind} '${name}'`,
    hint: `'laneway ${kind} list' shows what there is.`,
  });
}

export function taken(kind: Kind, name: string): Fault {
  return new Fault({
    code: `${kind}.taken`,
    message: `there is ${kind === "admin" || kind === "address" ? "an" : "a"} ${kind} '${name}' already`,
    hint: "Choose another name, or use the existing one.",
  });
}
