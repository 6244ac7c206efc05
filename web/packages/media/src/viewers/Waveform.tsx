import { SeekBar, type SeekBarProps } from "./controls";

/** Of the height; silence is a dot. */
const LEAST = 0.08;

/** The loudness of a recording over time, what was played of it in colour. A slider lies over it. */
export function Waveform({ bars, ...seek }: Omit<SeekBarProps, "className"> & { bars: number[] }) {
  const played = seek.duration ? Math.min(1, seek.time / seek.duration) : 0;
  const path = bars.map((bar, at) => lineOf(at + 0.5, Math.max(LEAST, bar))).join("");
  return (
    <span data-waveform className="relative block h-full w-full">
      <Bars path={path} count={bars.length} className="text-muted/55" />
      <Bars
        path={path}
        count={bars.length}
        className="text-accent"
        style={{ clipPath: `inset(0 ${((1 - played) * 100).toFixed(2)}% 0 0)` }}
      />
      <SeekBar {...seek} className="over-waveform absolute inset-0" />
    </span>
  );
}

type BarsProps = { path: string; count: number; className: string; style?: React.CSSProperties };

function Bars({ path, count, className, style }: BarsProps) {
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${count} 1`}
      preserveAspectRatio="none"
      className={`pointer-events-none absolute inset-0 size-full ${className}`}
      style={style}
    >
      <path
        d={path}
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

/** A line through the middle, that leaves room for its round ends. */
function lineOf(x: number, height: number): string {
  const half = (height * 0.88) / 2;
  return `M${x} ${(0.5 - half).toFixed(3)}V${(0.5 + half).toFixed(3)}`;
}
