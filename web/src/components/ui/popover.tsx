import { type ReactNode, type RefObject, useCallback, useEffectEvent, useLayoutEffect, useRef } from "react";

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
  const panel = useRef<HTMLDivElement>(null);
  const close = useEffectEvent(onClose);
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close();
    };
    element.addEventListener("toggle", toggled);
    element.showPopover();
    place(element, anchor.current);
    element.querySelector<HTMLElement>("button")?.focus();
    return () => element.removeEventListener("toggle", toggled);
  }, [anchor]);
  const leave = useCallback(
    (event: React.KeyboardEvent) => {
      if (event.key === "Escape") {
        // It closes this, and nothing beneath.
        event.preventDefault();
        panel.current?.hidePopover();
        anchor.current?.focus();
      }
    },
    [anchor],
  );
  return (
    <div
      ref={panel}
      popover="auto"
      role="dialog"
      aria-label={label}
      onKeyDown={leave}
      className="fixed inset-auto m-0 rounded-2xl border border-line bg-raised p-1.5 text-text shadow-float outline-none"
    >
      {children}
    </div>
  );
}

function place(panel: HTMLElement, anchor: HTMLElement | null): void {
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
