import { clsx } from "clsx";
import { initials } from "@/lib/initials";

/** Pairs of background and letter, each above 4.5:1 in both themes. */
const COLOURS = [
  "bg-[light-dark(#d9ede8,#1e4a42)] text-[light-dark(#0c5f58,#a7ecdd)]",
  "bg-[light-dark(#e3e7fb,#2d3566)] text-[light-dark(#38459a,#c3ccff)]",
  "bg-[light-dark(#fbe6d9,#5a3420)] text-[light-dark(#8a4413,#ffd0b0)]",
  "bg-[light-dark(#f8e1ec,#572843)] text-[light-dark(#94265f,#ffc1de)]",
  "bg-[light-dark(#e6eed3,#3a4620)] text-[light-dark(#4d6112,#d9eaa4)]",
  "bg-[light-dark(#dcebf8,#1d4361)] text-[light-dark(#165a8f,#b4dcff)]",
];

export function Avatar({ name, id, className }: { name: string; id: number; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={clsx(
        "inline-flex shrink-0 select-none items-center justify-center rounded-full font-semibold",
        COLOURS[id % COLOURS.length],
        className ?? "size-11 text-[0.9375rem]",
      )}
    >
      {initials(name)}
    </span>
  );
}
