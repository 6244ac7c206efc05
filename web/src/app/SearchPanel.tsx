import { useNavigate } from "@tanstack/react-router";
import { SearchDialog } from "@/features/search/SearchDialog";
import { keepSearch } from "@/features/search/store";
import { focusMainIfLost } from "@/lib/focusMain";
import { useCloseLayer } from "@/lib/layer";

/** The search over whatever is open; the URL has its words, so that the browser's Back leads to what was found. */
export function SearchPanel({ words }: { words: string }) {
  const navigate = useNavigate();
  const close = useCloseLayer(
    "search",
    () => void navigate({ to: ".", search: ({ q: _, ...rest }) => rest, replace: true, state: true }),
  );
  return (
    <SearchDialog
      words={words}
      onWords={(next) => {
        keepSearch({ words: next });
        // Words may settle after the search was closed: they must not open it again.
        const search = (before: { q?: string }) => (before.q === undefined ? before : { ...before, q: next });
        void navigate({ to: ".", search, replace: true, state: true });
      }}
      onOpen={({ conversation, message, media }) => {
        const conversationId = media?.conversationId ?? message?.conversationId ?? conversation?.id;
        const messageId = media?.messageId ?? message?.id;
        if (conversationId === undefined) return;
        void navigate({
          to: "/c/$conversationId",
          params: { conversationId },
          search: messageId === undefined ? {} : { m: messageId, back: "search" },
        }).then(focusMainIfLost);
      }}
      onClose={() => close()}
    />
  );
}
