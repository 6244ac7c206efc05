import { ConversationRowSkeleton } from "@/features/conversations/ConversationRow";
import { texts } from "@/texts";

const ROWS = 6;

/** The shape of the inbox until it is known who works here; `index.html` shows the same before there is a script. */
export function InboxSkeleton() {
  return (
    <div className="flex h-full" role="status" aria-label={texts.app.loading}>
      <div className="w-full shrink-0 border-line bg-surface md:w-84 md:border-e">
        <div className="h-29" />
        {Array.from({ length: ROWS }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
          <ConversationRowSkeleton key={row} />
        ))}
      </div>
      <div className="hidden flex-1 bg-page md:block" />
    </div>
  );
}
