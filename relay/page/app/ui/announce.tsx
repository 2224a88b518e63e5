import { signal } from "@preact/signals";

/** Milliseconds that it can be read. */
const SHOWN_MS = 6_000;

const told = signal("");

let timer: ReturnType<typeof setTimeout> | undefined;

/** Says that something was done, also to who does not see it. */
export function announce(text: string) {
  told.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.value = "";
  }, SHOWN_MS);
}

/** Where {@link announce} speaks: there from the start, as live regions have to be. */
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
