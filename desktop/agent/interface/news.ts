import type { Problem } from "../../rpc/shapes.ts";

/** News of a change to an interface that another program made. */
export interface InterfaceNews {
  /** `put-back`: repaired; `followed`: accepted; `fault`: can't be repaired for now, see {@link Problem}. */
  readonly kind: "put-back" | "followed" | "fault";
  /** One line: the interface and the change. */
  readonly message: string;
  /** Of a fault: the next step. */
  readonly problem?: Problem;
}
