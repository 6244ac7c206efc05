import { EmptyState } from "@mediary/media/ui/states";
import { MessagesSquare } from "lucide-react";
import { useTitle } from "@/live/useTitle";
import { texts } from "@/texts";

export function PickConversation() {
  useTitle(null);
  return (
    <main
      tabIndex={-1}
      aria-label={texts.shell.panes.thread}
      className="hidden min-w-0 flex-1 bg-page outline-none md:block"
    >
      <EmptyState icon={<MessagesSquare />} title={texts.thread.pick} hint={texts.thread.pickHint} />
    </main>
  );
}
