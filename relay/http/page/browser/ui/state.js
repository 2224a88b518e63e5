import { span } from "./dom.js";

/**
 * A state in a word, with a dot whose shape and colour say the same.
 *
 * @param {{ kind: "good" | "idle" | "bad", label: string }} props
 */
export function State({ kind, label }) {
  return span({ class: `state ${kind}` }, label);
}
