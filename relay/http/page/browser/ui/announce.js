import { signal } from "@preact/signals";
import { h } from "preact";
import { div, p } from "./dom.js";

/** Milliseconds that it can be read. */
const SHOWN_MS = 6_000;

const told = signal("");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Says that something was done, also to who does not see it.
 *
 * @param {string} text
 */
export function announce(text) {
  told.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.value = "";
  }, SHOWN_MS);
}

/** Where {@link announce} speaks: there from the start, as live regions have to be. */
export function Announcer() {
  return div({ class: "announcer", role: "status" }, told.value && h(Toast, { text: told.value }));
}

/** @param {{ text: string }} props */
function Toast({ text }) {
  return p({ class: "toast" }, text);
}
