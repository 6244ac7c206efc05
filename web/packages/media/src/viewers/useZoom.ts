import { type PointerEvent, useRef, useState, type WheelEvent } from "react";

type View = { scale: number; x: number; y: number; turns: number };
type Point = { x: number; y: number };

const FIT: View = { scale: 1, x: 0, y: 0, turns: 0 };
const SCALE_MAX = 8;
const STEP = 1.5;
const DOUBLE = 2.5;

/** Zoom, pan and rotation of one picture, reset for the next one, by wheel, drag, pinch, keys and buttons. */
export function useZoom(of: string) {
  const [view, setView] = useState(FIT);
  const [shown, setShown] = useState(of);
  if (shown !== of) {
    setShown(of);
    setView(FIT);
  }
  const pointers = useRef(new Map<number, Point>());

  /** Scales so that the point under the pointer (from the centre) stays where it is. */
  const zoomBy = (factor: number, { x, y }: Point = { x: 0, y: 0 }) =>
    setView((last) => {
      const scale = Math.min(SCALE_MAX, Math.max(1, last.scale * factor));
      if (scale === 1) return { ...FIT, turns: last.turns };
      const change = scale / last.scale;
      return { ...last, scale, x: x - (x - last.x) * change, y: y - (y - last.y) * change };
    });

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, now);
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) zoomBy(distance(now, other) / distance(before, other), fromCentre(event));
    else if (view.scale > 1) {
      setView((last) => ({ ...last, x: last.x + now.x - before.x, y: last.y + now.y - before.y }));
    }
  };

  const lift = (event: PointerEvent<HTMLElement>) => pointers.current.delete(event.pointerId);

  return {
    zoomed: view.scale > 1,
    /** Whether it lies on its side, so that its width has to fit the height of the place. */
    sideways: view.turns % 2 === 1,
    style: {
      transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale}) rotate(${view.turns * 90}deg)`,
    },
    zoomIn: () => zoomBy(STEP),
    zoomOut: () => zoomBy(1 / STEP),
    fit: () => setView((last) => ({ ...FIT, turns: last.turns })),
    rotate: () => setView((last) => ({ ...FIT, turns: last.turns + 1 })),
    surface: {
      onWheel: (event: WheelEvent<HTMLElement>) =>
        zoomBy(event.deltaY < 0 ? STEP : 1 / STEP, fromCentre(event)),
      onDoubleClick: (event: React.MouseEvent<HTMLElement>) =>
        zoomBy(view.scale > 1 ? 1 / SCALE_MAX : DOUBLE, fromCentre(event)),
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove,
      onPointerUp: lift,
      onPointerCancel: lift,
    },
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y) || 1;
}

function fromCentre(event: React.MouseEvent<HTMLElement>): Point {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
}
