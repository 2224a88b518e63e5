/** @import { ComponentChildren } from "preact" */
import { h } from "preact";
import { announce } from "./announce.js";
import { FormDialog, leaveToHeading, showDialog } from "./dialog.js";
import { button } from "./dom.js";

/**
 * Asks before something is taken away.
 *
 * @param {object} about
 * @param {string} about.title
 * @param {string} about.submit
 * @param {ComponentChildren} about.body what it means, and what is to be said to it
 * @param {(fields: FormData, signal: AbortSignal) => Promise<void>} about.work
 * @param {string} about.done said when it is
 */
export function askBefore({ title, submit, body, work, done }) {
  /** @type {(fields: FormData, signal: AbortSignal) => Promise<void>} */
  const onSubmit = async (fields, signal) => {
    await work(fields, signal);
    announce(done);
    leaveToHeading();
  };
  showDialog(h(FormDialog, { title, submit, danger: true, body, onSubmit }));
}

/**
 * What can be done to a row: in a word, and in full for who does not see which row it is in.
 *
 * @param {{ label: string, full: string, onClick: () => void }} props
 */
export function RowButton({ label, full, onClick }) {
  return button({ type: "button", class: "small", "aria-label": full, title: full, onClick }, label);
}
