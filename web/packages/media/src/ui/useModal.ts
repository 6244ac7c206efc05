import { type SyntheticEvent, useCallback } from "react";
import { focusedElement } from "../lib/focusedElement";

/**
 * Opens a native modal dialog while mounted: the browser keeps the focus inside, closes on Esc, and gives it back. The
 * focus starts on the dialog itself (`tabIndex={-1}`), so that no button of it looks chosen, or on the field that it is there for
 * (`data-first-focus`).
 */
export function useModal(onClose: () => void) {
  const ref = useCallback((dialog: HTMLDialogElement | null) => {
    const opener = focusedElement();
    dialog?.showModal();
    (dialog?.querySelector<HTMLElement>("[data-first-focus]") ?? dialog)?.focus();
    return () => {
      dialog?.close();
      const back = opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
      // What opened it may be gone; the content of the page is next.
      (back ? opener : document.querySelector<HTMLElement>("main"))?.focus();
    };
  }, []);
  const onCancel = (event: SyntheticEvent) => {
    // Another dialog may stand in this one.
    if (event.target !== event.currentTarget) return;
    event.preventDefault();
    onClose();
  };
  return { ref, onCancel };
}
