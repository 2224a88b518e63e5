import { signal } from "@preact/signals";

/** Time for which an announcement is shown, in milliseconds. */
const SHOWN_MS = 6_000;

const told = signal("");

let timer: ReturnType<typeof setTimeout> | undefined;

/** Announces a completed action, to screen readers too. */
export function announce(text: string) {
  told.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.value = "";
  }, SHOWN_MS);
}

/** The place of announcements. It exists from the start, because live regions must. */
export function Announcer() {
  return (
    <div class="announcer" role="status">
      {told.value && <Toast text={told.value} />}
    </div>
  );
}

function Toast({ text }: { text: string }) {
  return <p class="toast">{text}</p>;
}
