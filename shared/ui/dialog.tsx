import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly children: ComponentChildren;
  /** The id of the heading. */
  readonly labelledBy: string;
  readonly describedBy?: string;
  /** Called when the user presses Escape; the caller then stops drawing the dialog. */
  readonly onClose: () => void;
}

/** A modal dialog, open as long as it is drawn. The focus stays inside, and afterwards goes back to where it was. */
export function Dialog({ children, labelledBy, describedBy, onClose }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  // Opens before the next key arrives, which would be lost between the press that opens it and a later effect.
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      onClose={() => {
        // The browser also reports it after the dialog is gone, when another may be open.
        if (dialog.current !== null) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
