import { Fault } from "../../shared/fault.ts";

/** What is administered, as the command line calls it. */
export type Kind = "tenant" | "network" | "token" | "admin" | "invite" | "device" | "address" | "port";

/** The same whether it is not there or is somebody else's. */
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
    hint: "Choose another name, or use the one that is there.",
  });
}
