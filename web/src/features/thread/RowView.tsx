import { formatDay } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { MessageAlbum } from "@/features/thread/MessageAlbum";
import { MessageBubble } from "@/features/thread/MessageBubble";
import type { ThreadRow } from "@/features/thread/rows";
import type { useThread } from "@/features/thread/useThread";
import { texts } from "@/texts";

type RowViewProps = {
  row: ThreadRow;
  now: Date;
  thread: ReturnType<typeof useThread>["query"];
  highlighted: boolean;
};

export function RowView({ row, now, thread, highlighted }: RowViewProps) {
  switch (row.kind) {
    case "top":
      return <Top thread={thread} />;
    case "day":
      return (
        <h2 className="flex justify-center pt-4 pb-1">
          <time
            dateTime={row.time}
            className="rounded-full border border-line bg-surface px-3 py-1 text-muted text-xs"
          >
            {formatDay(row.time, now)}
          </time>
        </h2>
      );
    case "unread":
      return (
        <h2 className="flex items-center gap-3 pt-4 pb-1 font-medium text-accent text-xs">
          <span className="h-px flex-1 bg-accent/40" />
          {texts.thread.newMessages}
          <span className="h-px flex-1 bg-accent/40" />
        </h2>
      );
    case "album":
      return <MessageAlbum row={row} highlighted={highlighted} />;
    case "message":
      return (
        <MessageBubble
          message={row.message}
          outgoing={row.outgoing}
          firstOfGroup={row.firstOfGroup}
          lastOfGroup={row.lastOfGroup}
          highlighted={highlighted}
          at={row.at}
          of={row.of}
        />
      );
  }
}

/** Above the oldest message: that there is more, that it failed, or that this is where it began. */
function Top({ thread }: { thread: RowViewProps["thread"] }) {
  if (thread.isFetchNextPageError) {
    return (
      <div role="alert" className="flex h-12 items-center justify-center gap-3 text-muted">
        {texts.thread.olderFailed}
        <Button variant="soft" onClick={() => void thread.fetchNextPage()}>
          {texts.action.retry}
        </Button>
      </div>
    );
  }
  return (
    <div className="flex h-12 items-center justify-center text-muted text-xs">
      {thread.hasNextPage ? (
        <span role="status" aria-label={texts.thread.loadingOlder}>
          <Spinner />
        </span>
      ) : (
        texts.thread.start
      )}
    </div>
  );
}
