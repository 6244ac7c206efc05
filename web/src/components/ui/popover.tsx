import { placePopover } from "@mediary/media/ui/placePopover";
import { type ReactNode, type RefObject, type ToggleEvent, useCallback } from "react";

type PopoverProps = {
  /** What opened it; it stands above that, or below where there is no room. */
  anchor: RefObject<HTMLElement | null>;
  label: string;
  onClose: () => void;
  children: ReactNode;
};

/** A small panel over everything, opened while mounted: the browser closes it on Esc and on a click elsewhere. */
export function Popover({ anchor, label, onClose, children }: PopoverProps) {
  const open = useCallback(
    (panel: HTMLDivElement | null) => {
      if (panel === null) return;
      panel.showPopover();
      placePopover(panel, anchor.current);
      panel.querySelector<HTMLElement>("button")?.focus();
    },
    [anchor],
  );
  const leave = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key !== "Escape") return;
    // It closes this, and nothing beneath.
    event.preventDefault();
    event.currentTarget.hidePopover();
    anchor.current?.focus();
  };
  return (
    <div
      ref={open}
      popover="auto"
      role="dialog"
      aria-label={label}
      onKeyDown={leave}
      onToggle={(event: ToggleEvent) => event.newState === "closed" && onClose()}
      className="fixed inset-auto m-0 rounded-2xl border border-line bg-raised p-1.5 text-text shadow-float outline-none"
    >
      {children}
    </div>
  );
}
