import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: "normal" | "primary" | "danger" | "quiet";
  readonly small?: boolean;
  readonly icon?: IconName;
  readonly submit?: boolean;
  /** Stays in the tab order, so that the focus is not lost when a press disables the button. */
  readonly disabled?: boolean;
  /** The accessible name, if the words alone do not say what the button acts on. */
  readonly label?: string;
  readonly describedBy?: string;
  readonly onPress?: () => void;
}

/** A button with words. */
export function Button(props: ButtonProps): JSX.Element {
  const { children, kind = "normal", small = false, icon, submit = false, disabled = false } = props;
  return (
    <button
      type={submit ? "submit" : "button"}
      class={`button ${kind}${small ? " small" : ""}`}
      aria-disabled={disabled}
      aria-label={props.label}
      title={props.label}
      aria-describedby={props.describedBy}
      onClick={(event) => {
        if (disabled) event.preventDefault();
        else props.onPress?.();
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}
