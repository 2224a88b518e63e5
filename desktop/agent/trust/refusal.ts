import { Fault } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import type { Problem } from "../../rpc/shapes.ts";

/** Characters of a refused value that are shown. */
const SHOWN = 64;

/** A value from the relay that this machine does not use. */
export interface Refusal {
  /** The network that it is about; undefined for the connection as a whole. */
  readonly network: string | undefined;
  readonly fault: Fault;
}

/**
 * Describes a value from the relay that is refused.
 *
 * @param what the field, as in "the address"
 * @param value as it came; it is cut and made safe to show
 * @param why a clause after "it", as in "is a loopback address"
 */
export function refusedValue(
  network: string | undefined,
  what: string,
  value: unknown,
  why: string,
  hint = "Ask the relay's operator; the rest of what it says is used.",
): Refusal {
  const of = network === undefined ? "" : ` of network '${network}'`;
  const fault = new Fault({
    code: "relay.refused-value",
    message: `refused ${what} '${plainText(String(value), SHOWN)}'${of} from the relay: it ${why}`,
    hint,
  });
  return { network, fault };
}

/** Returns a fault as users and programs are told, safe to show. */
export function problemOf({ code, message, hint }: Fault): Problem {
  return { code: plainText(code), message: plainText(message), hint: plainText(hint) };
}
