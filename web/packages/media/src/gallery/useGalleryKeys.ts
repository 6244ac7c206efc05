import type { KeyboardEvent, MouseEvent, PointerEvent } from "react";
import { useRef } from "react";
import { flushSync } from "react-dom";
import { letterOf } from "../lib/letter";
import { texts } from "../texts";
import type { MediaFile } from "../types";
import type { GalleryFiles } from "./files";
import type { GalleryScope } from "./list";
import { ARCHIVE_MAX } from "./list";
import { change, galleryOf, selectAll, selectTo, toggle } from "./store";

/** How long a finger rests on a file to select it. */
const LONG_PRESS_MS = 450;
/** A finger that goes further scrolls. */
const STILL_PX = 10;

type KeysOptions = {
  scope: GalleryScope;
  gallery: GalleryFiles;
  onOpen: (file: MediaFile) => void;
  selectable: boolean;
  /** Where a key leads from a file of the list; null is nowhere. */
  moved: (key: string, at: number) => number | null;
  /** Scrolls to a file of the list, unless it is in sight. */
  reveal: (at: number) => void;
};

/** Opening, selecting and moving by mouse, keyboard and touch, told by the files' `data-file`. Handlers for what holds them all. */
export function useGalleryKeys({ scope, gallery, onOpen, selectable, moved, reveal }: KeysOptions) {
  const { files, indexes } = gallery;
  const press = useLongPress((element) => {
    const file = fileOf(element);
    if (file && selectable) select(file, false);
  });
  const fileOf = (target: EventTarget | null): MediaFile | undefined => {
    if (!(target instanceof Element)) return undefined;
    const id = target.closest<HTMLElement>("[data-file]")?.dataset.file;
    return id === undefined ? undefined : files[indexes.get(Number(id)) ?? -1];
  };
  const say = (fits: boolean) => change(scope, { notice: fits ? "" : texts.gallery.tooMany(ARCHIVE_MAX) });
  const select = (file: MediaFile, range: boolean) =>
    say(range ? selectTo(scope, files, file) : toggle(scope, file));
  const onClick = (event: MouseEvent<HTMLElement>) => {
    const file = fileOf(event.target);
    if (!file || press.swallow() || isControl(event.target)) return;
    const isSelecting = galleryOf(scope).selected.size > 0;
    const onMark = event.target instanceof Element && event.target.closest("[data-mark]") !== null;
    const selects = event.shiftKey || onMark || event.ctrlKey || event.metaKey || isSelecting;
    if (selectable && selects) {
      return select(file, event.shiftKey);
    }
    change(scope, { cursor: file.id });
    onOpen(file);
  };
  const go = (box: HTMLElement, at: number, extend: boolean) => {
    const file = files[at];
    if (!file) return;
    // The line of the cursor is in the page wherever it is scrolled to; it has to be there before it can take the focus.
    flushSync(() => (extend ? say(selectTo(scope, files, file)) : change(scope, { cursor: file.id })));
    reveal(at);
    box.querySelector<HTMLElement>(`[data-file="${file.id}"]`)?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const file = fileOf(event.target);
    if (!file || isControl(event.target) || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const act = () => {
      if (command) return selectable && letterOf(event) === "a" ? () => say(selectAll(scope, files)) : null;
      if (event.key === "Enter") return () => onOpen(file);
      if (event.key === " " || letterOf(event) === "x")
        return () => (selectable ? select(file, event.shiftKey) : onOpen(file));
      const at = moved(alongTheList(event), indexes.get(file.id) ?? 0);
      if (at === null) return null;
      return () => {
        const extend = selectable && event.shiftKey;
        if (extend && galleryOf(scope).from === null) change(scope, { from: file.id });
        go(event.currentTarget, at, extend);
      };
    };
    const doIt = act();
    if (doIt === null) return;
    event.preventDefault();
    event.stopPropagation();
    doIt();
  };
  return { onClick, onKeyDown, ...press.handlers };
}

/** Where a page is read from right to left, what follows lies to the left. */
function alongTheList({ key, currentTarget }: KeyboardEvent<HTMLElement>): string {
  if (key !== "ArrowLeft" && key !== "ArrowRight") return key;
  const mirrored = getComputedStyle(currentTarget).direction === "rtl";
  return mirrored ? (key === "ArrowLeft" ? "ArrowRight" : "ArrowLeft") : key;
}

/** A button or link in a line has its clicks and keys for itself. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a, button, input, summary") !== null;
}

function useLongPress(onPress: (element: Element) => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef({ x: 0, y: 0 });
  const pressed = useRef(false);
  const end = () => clearTimeout(timer.current);
  return {
    /** Whether the click that comes now is the end of a long press. */
    swallow: () => {
      const was = pressed.current;
      pressed.current = false;
      return was;
    },
    handlers: {
      onPointerDown: ({ pointerType, target, clientX, clientY }: PointerEvent) => {
        pressed.current = false;
        if (pointerType !== "touch" || !(target instanceof Element)) return;
        start.current = { x: clientX, y: clientY };
        timer.current = setTimeout(() => {
          pressed.current = true;
          onPress(target);
        }, LONG_PRESS_MS);
      },
      onPointerMove: ({ clientX, clientY }: PointerEvent) => {
        const { x, y } = start.current;
        if (Math.hypot(clientX - x, clientY - y) > STILL_PX) end();
      },
      onPointerUp: end,
      onPointerCancel: end,
      onContextMenu: (event: MouseEvent) => {
        if (pressed.current) event.preventDefault();
      },
    },
  };
}
