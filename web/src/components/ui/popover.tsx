import { type ReactNode, type RefObject, type ToggleEvent, useCallback } from "react";

/** Between a popover, its opener and the edges of the window. */
const GAP_PX = 6;

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

/** Above what it belongs to, or below that where there is no room, and never beyond the window. */
export function placePopover(panel: HTMLElement, anchor: HTMLElement | null): void {
  if (!anchor) return;
  const from = anchor.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const within = (at: number, size: number, room: number) =>
    Math.max(GAP_PX, Math.min(at, room - size - GAP_PX));
  const above = from.top - height - GAP_PX;
  const top = above >= GAP_PX ? above : from.bottom + GAP_PX;
  const left = from.left + from.width / 2 - width / 2;
  panel.style.top = `${within(top, height, window.innerHeight)}px`;
  panel.style.left = `${within(left, width, window.innerWidth)}px`;
}
