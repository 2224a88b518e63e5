import type { Problem } from "../../rpc/shapes.ts";

/** What became of a change to an interface that was not this process's. */
export interface InterfaceNews {
  /** `put-back`: it is as it was; `followed`: it is accepted; `fault`: it can't be put back for now, see {@link Problem}. */
  readonly kind: "put-back" | "followed" | "fault";
  /** One line: which interface, and what was changed. */
  readonly message: string;
  /** Of a fault: what to do. */
  readonly problem?: Problem;
}
