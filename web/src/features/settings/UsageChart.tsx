import { formatMonth } from "@mediary/media/lib/format";
import { clsx } from "clsx";
import type { FileType } from "@/api/types";
import { linesFor, type MonthUse, TYPES } from "@/features/settings/usage";
import { settings as words } from "@/texts/settings";

const HEIGHT = 220;
const PLOT = { top: 10, bottom: 26 };
const AXIS_WIDTH = 64;
/** The least and the most room of a month; between them, months share what there is. */
const MONTH_MIN = 44;
const MONTH_MAX = 110;
/** How much of its room a column takes, in percent. */
const COLUMN = 56;
/** The least height of what is there at all. */
const HEIGHT_MIN = 1.5;

/** Each is told from its neighbour in both themes, also by those who see few colours: they differ in lightness, too. */
export const colours: Record<FileType, { fill: string; dot: string }> = {
  image: { fill: "fill-chart-1", dot: "bg-chart-1" },
  video: { fill: "fill-chart-2", dot: "bg-chart-2" },
  audio: { fill: "fill-chart-3", dot: "bg-chart-3" },
  document: { fill: "fill-chart-4", dot: "bg-chart-4" },
  sticker: { fill: "fill-chart-5", dot: "bg-chart-5" },
};

type ChartProps = { months: readonly MonthUse[]; label: string; format: (value: number) => string };

/** Columns by month, stacked by type. A picture only: the table beneath it is what a screen reader reads. */
export function UsageChart({ months, label, format }: ChartProps) {
  const lines = linesFor(Math.max(...months.map(({ total }) => total)));
  const highest = lines.at(-1) || 1;
  const plot = HEIGHT - PLOT.top - PLOT.bottom;
  const y = (value: number) => PLOT.top + plot * (1 - value / highest);
  return (
    <div dir="ltr" className="flex">
      <svg aria-hidden="true" width={AXIS_WIDTH} height={HEIGHT} className="shrink-0">
        {lines.map((line) => (
          <text
            key={line}
            x={AXIS_WIDTH - 8}
            y={y(line)}
            textAnchor="end"
            dominantBaseline="middle"
            className="fill-muted text-[0.6875rem] tabular-nums"
          >
            {format(line)}
          </text>
        ))}
      </svg>
      <section
        ref={toLatest}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        tabIndex={0}
        className="min-w-0 flex-1 overflow-x-auto rounded-lg"
      >
        <svg
          role="img"
          aria-label={label}
          width="100%"
          height={HEIGHT}
          className="block"
          style={{ minWidth: months.length * MONTH_MIN, maxWidth: months.length * MONTH_MAX }}
        >
          {lines.map((line) => (
            <line key={line} x1="0" x2="100%" y1={y(line)} y2={y(line)} className="stroke-line" />
          ))}
          {months.map((month, at) => (
            // biome-ignore lint/a11y/noSvgWithoutTitle: its first child is its title
            <svg
              key={month.month}
              x={`${(at / months.length) * 100}%`}
              width={`${100 / months.length}%`}
              height={HEIGHT}
              overflow="visible"
            >
              <Column
                month={month}
                y={y}
                format={format}
                labelled={months.length <= 12 || at % 2 === (months.length - 1) % 2}
                last={at === months.length - 1}
              />
            </svg>
          ))}
        </svg>
      </section>
    </div>
  );
}

/** The latest months are at the end; where not all have room, they show first. */
function toLatest(section: HTMLElement | null): void {
  if (section) section.scrollLeft = section.scrollWidth;
}

type ColumnProps = {
  month: MonthUse;
  y: (value: number) => number;
  format: (value: number) => string;
  labelled: boolean;
  /** There is no room beside it. */
  last: boolean;
};

function Column({ month, y, format, labelled, last }: ColumnProps) {
  let below = 0;
  const name = formatMonth(month.month);
  return (
    <>
      <title>{`${name}: ${format(month.total)}`}</title>
      {TYPES.filter((type) => month.by[type] > 0).map((type) => {
        const from = y(below);
        below += month.by[type];
        const height = Math.max(from - y(below), HEIGHT_MIN);
        return (
          <rect
            key={type}
            x={`${(100 - COLUMN) / 2}%`}
            y={from - height}
            width={`${COLUMN}%`}
            height={height}
            className={clsx(colours[type].fill, "stroke-surface")}
            strokeWidth={1}
          >
            <title>{`${name}, ${words.type[type]}: ${format(month.by[type])}`}</title>
          </rect>
        );
      })}
      {labelled && (
        <text
          x={last ? "100%" : "50%"}
          y={HEIGHT - 8}
          textAnchor={last ? "end" : "middle"}
          className="fill-muted text-[0.6875rem]"
        >
          {name.replace(/(?: de)? (\p{Nd}{2})(\p{Nd}{2})$/u, " ’$2")}
        </text>
      )}
    </>
  );
}
