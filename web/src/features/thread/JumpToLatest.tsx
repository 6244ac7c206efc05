import { ArrowDown } from "lucide-react";
import { texts } from "@/texts";

export function JumpToLatest({ count, onClick }: { count: number; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-label={count > 0 ? texts.thread.jumpUnread(count) : texts.thread.jumpToLatest}
      className="absolute inset-x-0 bottom-4 mx-auto flex h-9 w-fit animate-appear items-center gap-2 rounded-full border border-line bg-raised px-4 font-medium shadow-float hover:bg-hover"
    >
      <ArrowDown aria-hidden="true" className="size-4" />
      {texts.thread.jumpToLatest}
      {count > 0 && (
        <span className="min-w-5 rounded-full bg-accent px-1.5 text-center font-semibold text-on-accent text-xs leading-5">
          {count}
        </span>
      )}
    </button>
  );
}
