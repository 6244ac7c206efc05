/** Between a popover, its opener and the edges of the window. */
const GAP_PX = 6;

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
