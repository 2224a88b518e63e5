import type { JSX } from "preact";

interface SwitchProps {
  /** Its name for those who don't see what stands beside it; or the id of what does. */
  readonly label?: string;
  readonly labelledBy?: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

/** Something that is on or off, and changes at once. */
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
