/** A thin bar; without a value it only says that something is going on. */
export function ProgressBar({ label, value }: { label: string; value: number | null }) {
  const percent = value === null ? null : Math.round(Math.min(1, value) * 100);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { "aria-valuenow": percent })}
      className="mt-1.5 block h-1.5 w-40 min-w-full max-w-full overflow-hidden rounded-full bg-line"
    >
      {percent === null ? (
        <span className="block h-full w-2/5 animate-slide rounded-full bg-accent" />
      ) : (
        <span
          className="block h-full rounded-full bg-accent transition-[width] duration-1000 ease-linear"
          style={{ width: `${percent}%` }}
        />
      )}
    </span>
  );
}
