import type { JSX } from "preact";

interface SwitchProps {
  /** The accessible name, or the id of the element that holds it. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

/** A control that turns something on or off at once. */
export function Switch({ label, labelledBy, on, disabled = false, onChange }: SwitchProps): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-label={label}
      aria-labelledby={labelledBy}
      aria-checked={on}
      aria-disabled={disabled}
      onClick={() => {
        if (!disabled) onChange(!on);
      }}
    >
      <span class="switch-track">
        <span class="switch-thumb" />
      </span>
    </button>
  );
}
