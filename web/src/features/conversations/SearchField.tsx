import { useShortcuts } from "@mediary/media/lib/shortcuts";
import { IconButton } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { Search, X } from "lucide-react";
import { useRef } from "react";
import { texts } from "@/texts";

type SearchFieldProps = {
  value: string;
  onChange: (value: string) => void;
  busy: boolean;
  /** Opens the first conversation that is found. */
  onOpen: () => void;
  /** Goes on to the list. */
  onDown: () => void;
};

export function SearchField({ value, onChange, busy, onOpen, onDown }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts({
    "/": () => {
      // On a phone the list may not be in sight.
      if (!input.current?.checkVisibility()) return false;
      input.current.focus();
      return true;
    },
  });
  const keys: Record<string, () => void> = {
    // To the list, too: a field that only loses the focus leaves it nowhere.
    Escape: () => (value ? onChange("") : onDown()),
    Enter: onOpen,
    ArrowDown: onDown,
  };
  return (
    <search className="relative block shrink-0 px-3 pb-2.5 [@media(max-height:30rem)]:pb-1">
      <span className="pointer-events-none absolute inset-y-0 start-6 bottom-2.5 [@media(max-height:30rem)]:bottom-1 flex items-center text-muted">
        {busy ? <Spinner className="size-4" /> : <Search aria-hidden="true" className="size-4" />}
      </span>
      <input
        ref={input}
        type="search"
        value={value}
        dir="auto"
        aria-label={texts.conversations.search}
        placeholder={texts.conversations.search}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          const act = keys[event.key];
          if (!act) return;
          event.preventDefault();
          act();
        }}
        className="h-10 [@media(max-height:30rem)]:h-8 w-full rounded-xl text-ellipsis bg-sunken px-9.5 placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
      />
      {value && (
        <IconButton
          label={texts.conversations.clearSearch}
          onClick={() => {
            onChange("");
            input.current?.focus();
          }}
          className="absolute! end-4 top-1 size-8! [@media(max-height:30rem)]:top-0"
        >
          <X className="size-4" />
        </IconButton>
      )}
    </search>
  );
}
