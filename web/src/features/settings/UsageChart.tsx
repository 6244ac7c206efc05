import { clsx } from "clsx";
import type { FileType } from "@/api/types";
import { linesFor, type MonthUse, TYPES } from "@/features/settings/usage";
import { formatMonth } from "@/lib/format";
import { settings as words } from "@/texts/settings";

const HEIGHT = 220;
const PLOT = { top: 10, bottom: 26, start: 64, end: 8 };
/** A column and the room around it. */
const STEP = 46;
const COLUMN = 26;
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
  const width = Math.max(PLOT.start + months.length * STEP + PLOT.end, 320);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section dir="ltr" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-lg">
      <svg role="img" aria-label={label} width={width} height={HEIGHT} className="block min-w-full">
        {lines.map((line) => (
          <g key={line}>
            <line x1={PLOT.start} x2={width} y1={y(line)} y2={y(line)} className="stroke-line" />
            <text
              x={PLOT.start - 8}
              y={y(line)}
              textAnchor="end"
              dominantBaseline="middle"
              className="fill-muted text-[0.6875rem] tabular-nums"
            >
              {format(line)}
            </text>
          </g>
        ))}
        {months.map((month, at) => (
          <Column
            key={month.month}
            month={month}
            x={PLOT.start + at * STEP + (STEP - COLUMN) / 2}
            y={y}
            format={format}
            labelled={months.length <= 12 || at % 2 === (months.length - 1) % 2}
          />
        ))}
      </svg>
    </section>
  );
}

type ColumnProps = {
  month: MonthUse;
  x: number;
  y: (value: number) => number;
  format: (value: number) => string;
  labelled: boolean;
};

function Column({ month, x, y, format, labelled }: ColumnProps) {
  let below = 0;
  const name = formatMonth(month.month);
  return (
    <g>
      <title>{`${name}: ${format(month.total)}`}</title>
      {TYPES.filter((type) => month.by[type] > 0).map((type) => {
        const from = y(below);
        below += month.by[type];
        const height = Math.max(from - y(below), HEIGHT_MIN);
        return (
          <rect
            key={type}
            x={x}
            y={from - height}
            width={COLUMN}
            height={height}
            className={clsx(colours[type].fill, "stroke-surface")}
            strokeWidth={1}
          >
            <title>{`${name}, ${words.type[type]}: ${format(month.by[type])}`}</title>
          </rect>
        );
      })}
      {labelled && (
        <text x={x + COLUMN / 2} y={HEIGHT - 8} textAnchor="middle" className="fill-muted text-[0.6875rem]">
          {name.replace(/ (\d\d)(\d\d)$/, " ’$2")}
        </text>
      )}
    </g>
  );
}
