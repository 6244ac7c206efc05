import { X } from "lucide-react";
import { type ReactNode, type SyntheticEvent, useCallback } from "react";
import { IconButton } from "@/components/ui/button";
import { texts } from "@/texts";

/**
 * Opens a native modal dialog while mounted: the browser keeps the focus inside, closes on Esc, and gives it back. The
 * focus starts on the dialog itself (`tabIndex={-1}`), so that no button of it looks chosen, or on the field that it is there for
 * (`data-first-focus`).
 */
export function useModal(onClose: () => void) {
  const ref = useCallback((dialog: HTMLDialogElement | null) => {
    const opener = document.activeElement;
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

export function Dialog(props: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <dialog
      {...useModal(props.onClose)}
      tabIndex={-1}
      aria-label={props.title}
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-2xl border border-line bg-raised p-5 text-text outline-none shadow-float backdrop:bg-black/40"
    >
      <header className="mb-3 flex items-center justify-between">
        <h2 className="font-semibold text-base">{props.title}</h2>
        <IconButton label={texts.action.close} onClick={props.onClose}>
          <X className="size-5" />
        </IconButton>
      </header>
      {props.children}
    </dialog>
  );
}
