import { clsx } from "clsx";
import { type KeyboardEvent, useState } from "react";
import { formatPlain } from "../lib/format";
import { useHeight } from "../lib/useSize";
import { texts } from "../texts";
import { monthLabel } from "./layout";

type DateScrubberProps = {
  /** The month at the top, and the one at the bottom. */
  first: number;
  last: number;
  /** The month that is shown. */
  month: number;
  onJump: (month: number) => void;
};

/** Between the names of two years. */
const YEAR_PX = 22;

/** All months of a gallery along its side: drag it, or step through it by keyboard. */
export function DateScrubber({ first, last, month, onJump }: DateScrubberProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [measured, height] = useHeight();
  const steps = Math.abs(last - first);
  const toMonth = (step: number) => (last > first ? first + step : first - step);
  const toStep = (one: number) => Math.min(steps, Math.max(0, Math.abs(one - first)));
  const shown = dragged ?? month;
  const at = toStep(shown) / steps;
  const jump = (step: number) => {
    setDragged(null);
    onJump(toMonth(Math.min(steps, Math.max(0, step))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    const wanted = event.key === "Home" ? 0 : event.key === "End" ? steps : step && toStep(month) + step;
    if (wanted === undefined) return;
    event.preventDefault();
    jump(wanted);
  };
  return (
    <div
      ref={measured}
      className="group/scrubber relative h-full rounded-lg -outline-offset-2 has-focus-visible:outline-2 has-focus-visible:outline-accent"
    >
      {yearsOf(first, last, toStep, steps, height ?? 0).map(({ year, share }) => (
        <span
          key={year}
          aria-hidden="true"
          className="-translate-y-1/2 pointer-events-none absolute end-1.5 text-[0.6875rem] text-muted tabular-nums"
          style={{ top: `${share * 100}%` }}
        >
          {formatPlain(year)}
        </span>
      ))}
      <span aria-hidden="true" className="pointer-events-none absolute inset-y-0 start-1.5 w-px bg-line" />
      <span
        aria-hidden="true"
        className={clsx(
          "-translate-y-1/2 pointer-events-none absolute start-0.5 w-2.25 rounded-full bg-accent transition-[height]",
          dragged === null ? "h-5 group-hover/scrubber:h-7" : "h-9",
        )}
        style={{ top: `${at * 100}%` }}
      />
      <span
        aria-hidden="true"
        className={clsx(
          "-translate-y-1/2 pointer-events-none absolute end-full z-20 me-1 whitespace-nowrap rounded-full border border-line bg-raised px-3 py-1 font-medium text-xs shadow-float transition-opacity",
          dragged === null && "opacity-0 group-has-focus-visible/scrubber:opacity-100",
        )}
        style={{ top: `${at * 100}%` }}
      >
        {monthLabel(shown)}
      </span>
      <input
        type="range"
        dir="ltr"
        min={0}
        max={steps}
        value={toStep(shown)}
        aria-label={texts.gallery.month}
        aria-orientation="vertical"
        aria-valuetext={monthLabel(shown)}
        onChange={(event) => setDragged(toMonth(Number(event.target.value)))}
        onPointerUp={() => dragged !== null && jump(toStep(dragged))}
        onPointerCancel={() => setDragged(null)}
        onKeyDown={onKeyDown}
        className="absolute inset-0 m-0 size-full cursor-ns-resize touch-none opacity-0"
        style={{ writingMode: "vertical-lr" }}
      />
    </div>
  );
}

const KEYS: Partial<Record<string, number>> = {
  ArrowUp: -1,
  ArrowLeft: -1,
  ArrowDown: 1,
  ArrowRight: 1,
  PageUp: -12,
  PageDown: 12,
};

type YearMark = { year: number; share: number };

/** Where the years begin, as far as their names have room. */
function yearsOf(
  first: number,
  last: number,
  toStep: (month: number) => number,
  steps: number,
  height: number,
): YearMark[] {
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const marks: YearMark[] = [];
  for (let year = Math.floor(low / 12); year <= Math.floor(high / 12); year++) {
    // Of each year its month that comes first in this order.
    const edge = first > last ? Math.min(year * 12 + 11, first) : Math.max(year * 12, first);
    marks.push({ year, share: toStep(edge) / steps });
  }
  marks.sort((a, b) => a.share - b.share);
  const kept: YearMark[] = [];
  for (const mark of marks) {
    const before = kept.at(-1);
    if (before === undefined || (mark.share - before.share) * height >= YEAR_PX) kept.push(mark);
  }
  return kept;
}
