import { Fault } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import type { Problem } from "../../rpc/shapes.ts";

/** Maximum characters of a refused value that are shown. */
const SHOWN = 64;

/** A value from the relay that this machine does not use. */
export interface Refusal {
  /** The network concerned; undefined for the connection as a whole. */
  readonly network: string | undefined;
  readonly fault: Fault;
}

/**
 * Describes a refused value from the relay.
 *
 * @param what the field, as in "the address"
 * @param value as it came; it is shortened and made safe to show
 * @param why a clause after "it", as in "is a loopback address"
 */
export function refusedValue(
  network: string | undefined,
  what: string,
  value: unknown,
  why: string,
  hint = "Ask the relay's operator; its other values are used.",
): Refusal {
  const of = network === undefined ? "" : ` of network '${network}'`;
  const fault = new Fault({
    code: "relay.refused-value",
    message: `refused ${what} '${plainText(String(value), SHOWN)}'${of} from the relay: it ${why}`,
    hint,
  });
  return { network, fault };
}

/** Returns a fault as users and programs see it, safe to show. */
export function problemOf({ code, message, hint }: Fault): Problem {
  return { code: plainText(code), message: plainText(message), hint: plainText(hint) };
}
